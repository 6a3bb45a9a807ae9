"""What was recorded, and whether all of it is counted."""

from __future__ import annotations

from sqlalchemy import Connection, text

from walkthroughs.database.pool import Database
from walkthroughs.events import mover
from walkthroughs.events.waiting import count_waiting

#: Keys at which the counts by day differ from a count of the events themselves.
_MISCOUNTED = text(
    """
    SELECT * FROM (
      SELECT organization_id, (to_timestamp(occurred_at / 1000.0) AT TIME ZONE 'UTC')::date AS day,
             walkthrough_id, mcp_server_id, version,
             count(*) FILTER (WHERE kind = 'started') AS started,
             count(*) FILTER (WHERE kind = 'resumed') AS resumed,
             count(*) FILTER (WHERE kind = 'restarted') AS restarted,
             count(*) FILTER (WHERE kind = 'step') AS steps,
             count(*) FILTER (WHERE kind = 'completed') AS completed,
             count(*) FILTER (WHERE kind = 'reset') AS resets,
             count(*) FILTER (WHERE kind = 'hurried') AS hurried
        FROM tool_events GROUP BY 1, 2, 3, 4, 5) recounted
      FULL JOIN event_days d
      USING (organization_id, day, walkthrough_id, mcp_server_id, version, started, resumed,
             restarted, steps, completed, resets, hurried)
     WHERE recounted.organization_id IS NULL OR d.organization_id IS NULL
    """
)
#: The same of days by server, and of how many learners have a day as their last one.
_MISCOUNTED_DAYS = (
    """
    SELECT * FROM (
      SELECT organization_id, day, mcp_server_id, sum(started + restarted) AS started,
             sum(completed) AS finished
        FROM event_days GROUP BY 1, 2, 3 HAVING sum(started + restarted + completed) > 0) recounted
      FULL JOIN server_days d USING (organization_id, day, mcp_server_id, started, finished)
     WHERE recounted.organization_id IS NULL OR d.organization_id IS NULL
    """,
    """
    SELECT * FROM (
      SELECT organization_id, active_on AS day, count(*) AS last
        FROM mcp_server_user WHERE active_on IS NOT NULL GROUP BY 1, 2) recounted
      FULL JOIN (SELECT * FROM active_days WHERE last <> 0) d USING (organization_id, day, last)
     WHERE recounted.organization_id IS NULL OR d.organization_id IS NULL
    """,
)
_BOTH = "(SELECT * FROM tool_events UNION ALL SELECT * FROM tool_events_incoming) e"


def miscounted(connection: Connection) -> list[object]:
    found = list(connection.execute(_MISCOUNTED))
    return [*found, *(row for each in _MISCOUNTED_DAYS for row in connection.execute(text(each)))]


def steps_recorded(connection: Connection) -> int:
    """Return how many steps were recorded, moved or not."""
    return connection.execute(text(f"SELECT count(*) FROM {_BOTH} WHERE kind = 'step'")).scalar()


def steps_done(connection: Connection) -> int:
    """Return how many completions the attempts of all learners have, also those that ended."""
    return connection.execute(
        text(
            """
            SELECT coalesce(sum(jsonb_array_length(completed_steps)), 0)
              FROM (SELECT completed_steps FROM walkthrough_progress
                    UNION ALL SELECT completed_steps FROM walkthrough_attempts) p
            """
        )
    ).scalar()


def kinds(database: Database) -> list[str]:
    """Return the kinds of all events, in the order in which they were recorded."""
    return [each.kind for each in recorded(database)]


def recorded(database: Database) -> list:
    with database.begin() as connection:
        return connection.execute(text(f"SELECT * FROM {_BOTH} ORDER BY occurred_at, kind")).all()


def move_all(database: Database) -> int:
    moved = 0
    while count_waiting(database)[0]:  # another mover may have its turn just now
        moved += mover.move(database)
    return moved
