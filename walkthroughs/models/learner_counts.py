"""Numbers of learners that were counted beforehand, because it takes long to count many."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from walkthroughs.models.base import Scoped, db, org_foreign_key


class WalkthroughLearners(Scoped, db.Model):  # type: ignore[name-defined]
    """Where the learners of a walkthrough were when they were counted. Only of large ones."""

    __tablename__ = "walkthrough_learners"
    __table_args__ = (
        PrimaryKeyConstraint("organization_id", "walkthrough_id"),
        org_foreign_key("walkthrough_id", "walkthroughs"),
    )

    walkthrough_id: Mapped[str]
    #: All that have a place in it, and of these who have finished.
    learners: Mapped[int] = mapped_column(Integer)
    completed: Mapped[int] = mapped_column(Integer)
    #: Row id of a step -> who stand on it and have not finished.
    standing: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: Version -> who saw it last.
    versions: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: Of those who stand on a step, who did anything in the last 14 days.
    active: Mapped[int] = mapped_column(Integer)
    #: Where they stand and since when: see `events.counted_places`.
    places: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    #: Row id of a step -> for each period, the median time and of how many completions.
    times: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    counted_at: Mapped[int]


class ServerLearners(Scoped, db.Model):  # type: ignore[name-defined]
    """How many learners were active on a server in a week, of organizations with many."""

    __tablename__ = "server_learners"
    __table_args__ = (
        PrimaryKeyConstraint("organization_id", "mcp_server_id"),
        org_foreign_key("mcp_server_id", "mcp_servers"),
    )

    mcp_server_id: Mapped[str]
    active: Mapped[int] = mapped_column(Integer)
    counted_at: Mapped[int]


class PeriodNumbers(Scoped, db.Model):  # type: ignore[name-defined]
    """What was started most in a number of days, of organizations where much is started."""

    __tablename__ = "period_numbers"
    __table_args__ = (PrimaryKeyConstraint("organization_id", "days"),)

    #: One of `events.scope.PERIOD_DAYS`, the day of `counted_at` included.
    days: Mapped[int] = mapped_column(Integer)
    #: Id of a server, or "" for all -> [walkthrough, started, finished], those started most first.
    walkthroughs: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: [before, after, starts], the most frequent pairs first.
    pairs: Mapped[list[Any]] = mapped_column(JSONB)
    #: Of all pairs.
    starts: Mapped[int]
    counted_at: Mapped[int]
