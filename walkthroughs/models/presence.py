"""Who has which walkthrough open in the editor just now."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from walkthroughs.models.base import Scoped, db, org_foreign_key


class EditorPresence(Scoped, db.Model):  # type: ignore[name-defined]
    """A window of a member, and the step that is open there. Lost when PostgreSQL crashes."""

    __tablename__ = "editor_presence"
    __table_args__ = (
        PrimaryKeyConstraint("walkthrough_id", "user_id", "window"),
        org_foreign_key("walkthrough_id", "walkthroughs"),
        Index(None, "organization_id", "seen_at"),
        {"prefixes": ["UNLOGGED"]},
    )

    walkthrough_id: Mapped[str]
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    #: Tells the windows of one member apart.
    window: Mapped[str]
    #: The author id of the step that is open; none if there is none.
    step: Mapped[str | None]
    seen_at: Mapped[int]
