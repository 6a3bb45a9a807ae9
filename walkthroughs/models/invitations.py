"""Invitations of people to an organization's dashboard."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from walkthroughs.enums import Role
from walkthroughs.ids import id_factory
from walkthroughs.models.base import Scoped, Timestamped, db, enum_column, org_unique_key


class Invitation(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """A link with which somebody joins the organization. Only the hash of its secret is kept."""

    __tablename__ = "invitations"
    __table_args__ = (
        org_unique_key("id"),
        # One that is open for an address; those that have ended stay.
        Index(
            "uq_invitations_open",
            "organization_id",
            "email",
            unique=True,
            postgresql_where=text("accepted_at IS NULL AND revoked_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("inv"))
    email: Mapped[str]
    role: Mapped[Role] = mapped_column(enum_column(Role, "member_role"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    #: The member who made it; none if it was made on the command line, or they have gone.
    invited_by: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    expires_at: Mapped[int]
    accepted_at: Mapped[int | None]
    revoked_at: Mapped[int | None]

    def __str__(self) -> str:
        return self.email
