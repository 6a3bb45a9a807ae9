"""Providers of OpenID Connect: who they are, whom they know, and sign-ins that are there now."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from walkthroughs.ids import id_factory
from walkthroughs.models.base import Scoped, Timestamped, db, org_foreign_key, org_unique_key


class OidcProvider(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """A provider at which an organization's people sign in, and what we are called there."""

    __tablename__ = "oidc_providers"
    __table_args__ = (org_unique_key("id"), UniqueConstraint("organization_id", "name"))

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("oip"))
    #: What learners read on the button.
    name: Mapped[str]
    issuer: Mapped[str]
    client_id: Mapped[str]
    #: Encrypted.
    client_secret: Mapped[str]

    def __str__(self) -> str:
        return self.name


class LearnerIdentity(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """A person as a provider knows them, and which learner that is."""

    __tablename__ = "learner_identities"
    __table_args__ = (
        org_unique_key("id"),
        org_foreign_key("mcp_server_user_id", "mcp_server_user"),
        UniqueConstraint("organization_id", "issuer", "subject"),
        Index(None, "organization_id", "mcp_server_user_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("lid"))
    mcp_server_user_id: Mapped[str]
    issuer: Mapped[str]
    subject: Mapped[str]


class OidcSignIn(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """A sign-in that is at a provider now. It is deleted when the answer comes."""

    __tablename__ = "oidc_sign_ins"
    __table_args__ = (
        org_unique_key("id"),
        org_foreign_key("mcp_server_id", "mcp_servers"),
        org_foreign_key("oidc_provider_id", "oidc_providers"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("ois"))
    mcp_server_id: Mapped[str]
    oidc_provider_id: Mapped[str]
    state_hash: Mapped[str] = mapped_column(unique=True)
    browser_hash: Mapped[str]
    nonce: Mapped[str]
    #: Of PKCE.
    verifier: Mapped[str]
    #: What the provider said of itself when the sign-in began.
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB)
    #: The address of the page to go on with, which holds what the app asked for.
    page: Mapped[str]
    expires_at: Mapped[int] = mapped_column(index=True)
