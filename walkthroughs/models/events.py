"""What learners did: an event for each change of a place, and counts by day.

Events have no key, so they are tables without classes. What reads them counts, and never loads one.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from walkthroughs.models.base import Base, Scoped, db

#: Milliseconds since 1970 by the clock of the database, as every event has it.
CLOCK_MS = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"


def _columns(organization: Column[str]) -> tuple[Column[Any], ...]:
    return (
        #: By the clock of the database, so that events of all processes have one order.
        Column("occurred_at", BigInteger, nullable=False, server_default=text(CLOCK_MS)),
        organization,
        #: The server that was called; the attempt may have begun on another one.
        Column("mcp_server_id", Text, nullable=False),
        #: None once the learner is erased.
        Column("mcp_server_user_id", Text),
        Column("walkthrough_id", Text, nullable=False),
        #: The version that the learner was shown.
        Column("version", Integer, nullable=False),
        #: A value of `EventKind`.
        Column("kind", Text, nullable=False),
        #: The step that was completed, or that is not completed yet because the call hurried.
        Column("step_id", Text),
        #: The step that the learner is on since; none if nothing is left, or nothing moved.
        Column("next_step_id", Text),
        #: When the attempt began, in the time of its process: it tells attempts apart.
        Column("run_started_at", BigInteger),
        #: How long the completed step had been shown. Of a step only.
        Column("step_ms", BigInteger),
        #: Where the learner was before. Of a start only.
        Column("from_walkthrough_id", Text),
    )


#: Where calls write. Nothing is looked up in it, so that a step costs no index and no key.
tool_events_incoming = Table(
    "tool_events_incoming",
    Base.metadata,
    *_columns(Column("organization_id", Text, nullable=False)),
    postgresql_with={
        "autovacuum_vacuum_threshold": 5000,
        "autovacuum_vacuum_scale_factor": 0,
        "autovacuum_vacuum_cost_delay": 0,
    },
)
#: All events that were moved; partitions by month are made and dropped by `events.partitions`.
tool_events = Table(
    "tool_events",
    Base.metadata,
    *_columns(
        Column(
            "organization_id",
            Text,
            ForeignKey("organization.id", ondelete="CASCADE"),
            nullable=False,
        )
    ),
    Index(None, "organization_id", "occurred_at"),
    Index(None, "step_id", "occurred_at", postgresql_include=["step_ms"]),
    Index(
        "ix_tool_events_started",
        "organization_id",
        "occurred_at",
        postgresql_include=["walkthrough_id", "from_walkthrough_id"],
        postgresql_where=text("kind = 'started'"),
    ),
    postgresql_partition_by="RANGE (occurred_at)",
)
#: The columns of both, in order.
EVENT_COLUMNS = tuple(tool_events.columns.keys())


class EventDay(Scoped, db.Model):  # type: ignore[name-defined]
    """How many events of each kind a day had, by walkthrough, server and version. Days are UTC.

    What happened stays counted when the walkthrough or the server is no more.
    """

    __tablename__ = "event_days"
    __table_args__ = (
        PrimaryKeyConstraint(
            "organization_id", "day", "walkthrough_id", "mcp_server_id", "version"
        ),
        Index(None, "organization_id", "walkthrough_id", "day"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    day: Mapped[date] = mapped_column(Date)
    walkthrough_id: Mapped[str]
    mcp_server_id: Mapped[str]
    version: Mapped[int] = mapped_column(Integer)
    started: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    resumed: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    restarted: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    steps: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    completed: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    resets: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    hurried: Mapped[int] = mapped_column(default=0, server_default=text("0"))


class ServerDay(Scoped, db.Model):  # type: ignore[name-defined]
    """How often walkthroughs were started and finished on a day (UTC) on a server: few rows."""

    __tablename__ = "server_days"
    __table_args__ = (
        PrimaryKeyConstraint("organization_id", "day", "mcp_server_id"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    day: Mapped[date] = mapped_column(Date)
    mcp_server_id: Mapped[str]
    #: Also anew.
    started: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    finished: Mapped[int] = mapped_column(default=0, server_default=text("0"))


class ActiveDay(Scoped, db.Model):  # type: ignore[name-defined]
    """How many learners of an organization did anything on a day (UTC), each counted once."""

    __tablename__ = "active_days"
    __table_args__ = (
        PrimaryKeyConstraint("organization_id", "day"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    day: Mapped[date] = mapped_column(Date)
    learners: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    #: Of the learners there are now, those who did nothing since: `mcp_server_user.active_on`.
    last: Mapped[int] = mapped_column(default=0, server_default=text("0"))
