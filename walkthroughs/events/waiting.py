"""How many events are not moved yet."""

from __future__ import annotations

from sqlalchemy import Connection, text

from walkthroughs.database.pool import Database
from walkthroughs.models.events import CLOCK_MS

_WAITING = text(
    f"SELECT count(*), coalesce({CLOCK_MS} - min(occurred_at), 0) FROM tool_events_incoming"  # noqa: S608  constants
)
_WAITING_OF = text(
    f"""
    SELECT count(*) FILTER (WHERE organization_id = :organization_id),
           coalesce({CLOCK_MS} - min(occurred_at), 0)
      FROM (SELECT organization_id, occurred_at FROM tool_events_incoming LIMIT :most) first
    """  # noqa: S608  constants
)
_MOST = 100_000


def count_waiting(database: Database) -> tuple[int, float]:
    """Return how many events wait, and the age of the oldest in seconds.

    Raises:
        DatabaseUnavailable: the server does not answer.
    """
    with database.begin() as connection:
        count, oldest_ms = connection.execute(_WAITING).one()
    return int(count), max(0.0, oldest_ms / 1000)


def read_waiting(connection: Connection, organization_id: str) -> tuple[int, float]:
    """Return how many events of an organization wait, and the age of the oldest of anybody's.

    Both are of the first events that wait, so many at most: nobody may move any for long.
    """
    keys = {"organization_id": organization_id, "most": _MOST}
    count, oldest_ms = connection.execute(_WAITING_OF, keys).one()
    return int(count), max(0.0, oldest_ms / 1000)
