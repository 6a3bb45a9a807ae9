"""What apps of learners were allowed: grants, their tokens and codes, and who the apps are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from walkthroughs.enums import TokenKind
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.base import (
    Scoped,
    Timestamped,
    db,
    enum_column,
    org_foreign_key,
    org_unique_key,
)


class OAuthGrant(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """A sign-in: a learner lets an app act for them on one server, until it ends."""

    __tablename__ = "oauth_grants"
    __table_args__ = (
        org_unique_key("id"),
        org_foreign_key("mcp_server_id", "mcp_servers"),
        org_foreign_key("mcp_server_user_id", "mcp_server_user"),
        Index(None, "organization_id", "mcp_server_user_id"),
        Index(None, "organization_id", "mcp_server_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("gra"))
    mcp_server_id: Mapped[str]
    mcp_server_user_id: Mapped[str]
    client_id: Mapped[str]
    client_name: Mapped[str]
    #: Where the answer of the sign-in went.
    redirect_host: Mapped[str]
    last_used_at: Mapped[int] = mapped_column(default=now_ms)
    revoked_at: Mapped[int | None]

    mcp_server: Mapped[Any] = relationship("McpServer", viewonly=True)
    mcp_server_user: Mapped[Any] = relationship("McpServerUser", viewonly=True)

    def __str__(self) -> str:
        return self.client_name


class OAuthToken(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """A token of a grant. Only its hash is kept."""

    __tablename__ = "oauth_tokens"
    __table_args__ = (
        org_unique_key("id"),
        org_foreign_key("oauth_grant_id", "oauth_grants"),
        Index(None, "organization_id", "oauth_grant_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("tok"))
    oauth_grant_id: Mapped[str]
    kind: Mapped[TokenKind] = mapped_column(enum_column(TokenKind, "oauth_token_kind"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[int] = mapped_column(index=True)
    #: When a refresh token was first used, and how often it was used after that.
    used_at: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0)


class OAuthCode(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """The answer of a sign-in, which an app exchanges for tokens, once."""

    __tablename__ = "oauth_codes"
    __table_args__ = (
        org_unique_key("id"),
        org_foreign_key("mcp_server_id", "mcp_servers"),
        org_foreign_key("mcp_server_user_id", "mcp_server_user"),
        org_foreign_key("oauth_grant_id", "oauth_grants"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("cod"))
    mcp_server_id: Mapped[str]
    mcp_server_user_id: Mapped[str]
    code_hash: Mapped[str] = mapped_column(unique=True)
    client_id: Mapped[str]
    client_name: Mapped[str]
    redirect_uri: Mapped[str]
    redirect_host: Mapped[str]
    #: Of PKCE, by the method S256.
    challenge: Mapped[str]
    resource: Mapped[str]
    expires_at: Mapped[int] = mapped_column(index=True)
    #: What it was exchanged for, if it was.
    oauth_grant_id: Mapped[str | None]


class ClientDocument(Scoped, db.Model):  # type: ignore[name-defined]
    """A copy of the document in which an app describes itself, at the address that is its id."""

    __tablename__ = "client_documents"
    __table_args__ = (org_unique_key("id"), UniqueConstraint("organization_id", "url"))

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("doc"))
    url: Mapped[str]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB)
    fetched_at: Mapped[int] = mapped_column(default=now_ms)
    #: Until when nobody asks for it again.
    fresh_until: Mapped[int]
