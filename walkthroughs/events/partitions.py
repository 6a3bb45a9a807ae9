"""The months of events: made ahead, dropped when they are old. Months are those of UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from walkthroughs.database.pool import Database
from walkthroughs.events.turns import try_turn
from walkthroughs.models.events import CLOCK_MS, EVENT_COLUMNS

#: Months after this one that have a partition already.
MONTHS_AHEAD = 2
_NAME = re.compile(r"tool_events_y(\d{4})m(\d\d)")
_DEFAULT = "tool_events_default"
_LIST = text(
    "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'tool_events'::regclass"
)
_NOW = text(f"SELECT {CLOCK_MS}")
# Whoever reads events for long delays this, which would delay all who come after.
_PATIENCE = text("SET LOCAL lock_timeout = '2s'")


def is_partition(table: str) -> bool:
    """Return whether *table* is a part of `tool_events`."""
    return table == _DEFAULT or _NAME.fullmatch(table) is not None


def month_at(at_ms: int) -> int:
    """Return the month of a time, counted since the year 0."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return at.year * 12 + at.month - 1


def name_of(month: int) -> str:
    """Return the name of the partition of a month."""
    return f"tool_events_y{month // 12:04}m{month % 12 + 1:02}"


def start_ms(month: int) -> int:
    """Return when a month begins, which is when the one before it ends."""
    return int(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp()) * 1000


def maintain(database: Database, months: int, now: int | None = None) -> bool:
    """Make the partitions of this month and the next ones; drop those that are too old.

    An event of a month without a partition is in the default one until then, and as readable.

    Args:
        database: whose.
        months: how many whole months before this one are kept.
        now: in place of the time of the database.

    Returns:
        Whether all is in place. If another process moves events just now, ask again.

    Raises:
        DatabaseUnavailable: the server does not answer, or somebody reads events for very long.
    """
    with database.begin() as connection:
        this = month_at(now or int(connection.execute(_NOW).scalar_one()))
        there = _months(connection)
        missing = [each for each in range(this, this + MONTHS_AHEAD + 1) if each not in there]
        old = sorted(each for each in there if each < this - months)
        has_stray = _has_event_before(connection, start_ms(this - months))
        if not (missing or old or has_stray):
            return True
        if not try_turn(connection):
            return False
        connection.execute(_PATIENCE)
        for month in set(missing) - _months(connection):  # another process may have been first
            _make(connection, month)
        for month in old:
            connection.execute(text(f"DROP TABLE IF EXISTS {name_of(month)}"))
        if has_stray:
            _delete_before(connection, start_ms(this - months))
        return True


def _months(connection: Connection) -> set[int]:
    """Return the months that have a partition."""
    found = (_NAME.fullmatch(name) for name in connection.execute(_LIST).scalars())
    return {int(match[1]) * 12 + int(match[2]) - 1 for match in found if match}


def _make(connection: Connection, month: int) -> None:
    """Make a month's partition, with the events of that month that the default one has taken."""
    name, columns = name_of(month), ", ".join(EVENT_COLUMNS)
    bounds = {"first": start_ms(month), "end": start_ms(month + 1)}
    connection.execute(text(f"CREATE TABLE {name} (LIKE tool_events INCLUDING DEFAULTS)"))
    connection.execute(
        text(
            f"""
            WITH gone AS (
                DELETE FROM {_DEFAULT} WHERE occurred_at >= :first AND occurred_at < :end
                RETURNING {columns})
            INSERT INTO {name} ({columns}) SELECT {columns} FROM gone
            """  # noqa: S608  names of ours
        ),
        bounds,
    )
    # To attach it locks less than to make it as a partition: readers go on.
    connection.execute(
        text(
            f"ALTER TABLE tool_events ATTACH PARTITION {name}"
            f" FOR VALUES FROM ({bounds['first']}) TO ({bounds['end']})"
        )
    )


def _has_event_before(connection: Connection, end: int) -> bool:
    query = text(f"SELECT EXISTS (SELECT FROM {_DEFAULT} WHERE occurred_at < :end)")  # noqa: S608  a name of ours
    return bool(connection.execute(query, {"end": end}).scalar())


def _delete_before(connection: Connection, end: int) -> None:
    statement = text(f"DELETE FROM {_DEFAULT} WHERE occurred_at < :end")  # noqa: S608  likewise
    connection.execute(statement, {"end": end})
