"""How a browser becomes a learner's: codes by e-mail, sessions, and what limits both."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from walkthroughs.ids import id_factory
from walkthroughs.models.base import Scoped, Timestamped, db, org_foreign_key, org_unique_key


class SignInCode(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """A code that was sent by e-mail. It counts in the browser that asked for it."""

    __tablename__ = "sign_in_codes"
    __table_args__ = (org_unique_key("id"), org_foreign_key("mcp_server_id", "mcp_servers"))

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("sic"))
    mcp_server_id: Mapped[str]
    email: Mapped[str]
    code_hash: Mapped[str]
    browser_hash: Mapped[str]
    expires_at: Mapped[int] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(Integer, default=0)


class LearnerSession(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """A browser in which a learner has signed in. Only the hash of its cookie is kept."""

    __tablename__ = "learner_sessions"
    __table_args__ = (
        org_unique_key("id"),
        org_foreign_key("mcp_server_user_id", "mcp_server_user"),
        org_foreign_key("oidc_provider_id", "oidc_providers"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("lse"))
    mcp_server_user_id: Mapped[str] = mapped_column(index=True)
    #: Where they signed in; none if it was with a code by e-mail.
    oidc_provider_id: Mapped[str | None]
    token_hash: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[int] = mapped_column(index=True)


class RequestCount(Scoped, db.Model):  # type: ignore[name-defined]
    """How often something was asked for within a window of time. Lost when PostgreSQL crashes."""

    __tablename__ = "request_counts"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    organization_id: Mapped[str] = mapped_column(
        ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True
    )
    #: What is limited, then a hash of whom it is limited for.
    counted_for: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[int] = mapped_column(primary_key=True, index=True)
    count: Mapped[int] = mapped_column(Integer)
