"""Walkthroughs while they are written, and texts that were put aside on the way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, Integer, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.base import Scoped, Timestamped, db, org_foreign_key, org_unique_key


class WalkthroughDraft(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """The one draft of a walkthrough. The row stays, so that revisions never start over."""

    __tablename__ = "walkthrough_drafts"
    __table_args__ = (
        PrimaryKeyConstraint("walkthrough_id"),
        org_foreign_key("walkthrough_id", "walkthroughs"),
    )

    walkthrough_id: Mapped[str]
    #: What `draft_json` makes of it; none: nothing is written that is not live.
    content: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    #: The version that it was begun from.
    base_version: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(Integer)
    updated_by: Mapped[str]
    updated_at: Mapped[int] = mapped_column(default=now_ms)
    #: It is a change to propose to the repository that owns the walkthrough, so it may be written.
    is_proposal: Mapped[bool] = mapped_column(default=False)
    #: What was proposed last, as `ProposedDraft` holds it; none: nothing, or it is live by now.
    proposed: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class KeptCopy(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """A text that its writer may want back: the loser of a conflict, or a discarded draft."""

    __tablename__ = "kept_copies"
    __table_args__ = (
        org_unique_key("id"),
        org_foreign_key("walkthrough_id", "walkthroughs"),
        Index(None, "walkthrough_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("kc"))
    walkthrough_id: Mapped[str]
    #: Why: "conflict", "window", "discarded", "replaced", "rebased" or "merged".
    reason: Mapped[str]
    #: Who wrote it; of a discarded draft, who discarded it.
    author: Mapped[str]
    #: The author id of the step and the field of a text; none: `content` is a whole draft.
    step: Mapped[str | None]
    field: Mapped[str | None]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB, deferred=True)
