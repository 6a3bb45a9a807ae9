"""What was changed, by whom, and from where. Rows are only ever added."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Identity, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from walkthroughs.ids import now_ms
from walkthroughs.models.base import Scoped, db


class AuditEvent(Scoped, db.Model):  # type: ignore[name-defined]
    """One change. A trigger refuses updates and deletes, but for those of the organization."""

    __tablename__ = "audit_events"
    __table_args__ = (Index(None, "organization_id", "happened_at", "id"),)

    #: Counted up, so that changes of the same millisecond keep their order.
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    happened_at: Mapped[int] = mapped_column(default=now_ms)
    #: A member's e-mail address, `command line`, or `git:` and the name of a content source.
    actor: Mapped[str]
    #: A value of `AuditPlace`.
    place: Mapped[str]
    #: A kind of thing and what was done to it, such as `walkthrough.publish`.
    verb: Mapped[str]
    kind: Mapped[str]
    target_id: Mapped[str]
    title: Mapped[str]
    #: The values that changed; none of them is a secret.
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    def __str__(self) -> str:
        return f"{self.verb} {self.title}"
