"""How many events are not moved yet."""

from __future__ import annotations

from sqlalchemy import Connection, text

from walkthroughs.database.pool import Database
from walkthroughs.models.events import CLOCK_MS

_WAITING = text(
    f"SELECT count(*), coalesce({CLOCK_MS} - min(occurred_at), 0) FROM tool_events_incoming"  # noqa: S608  constants
)


def count_waiting(database: Database) -> tuple[int, float]:
    """Return how many events wait, and the age of the oldest in seconds.

    Raises:
        DatabaseUnavailable: the server does not answer.
    """
    with database.begin() as connection:
        return read_waiting(connection)


def read_waiting(connection: Connection) -> tuple[int, float]:
    """Return the same by a connection that the caller has."""
    count, oldest_ms = connection.execute(_WAITING).one()
    return int(count), max(0.0, oldest_ms / 1000)
