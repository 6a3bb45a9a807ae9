"""What was recorded, and whether all of it is counted."""

from __future__ import annotations

from sqlalchemy import Connection, text

from walkthroughs.database.pool import Database
from walkthroughs.events import mover
from walkthroughs.events.mover import KINDS
from walkthroughs.events.turns import wait_for_turn
from walkthroughs.events.waiting import count_waiting
from walkthroughs.models.events import EVENT_COLUMNS

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
#: How a release before there were these two moved events: it counts neither.
_MOVE_AS_BEFORE = text(
    f"""
    WITH moved AS (
        DELETE FROM tool_events_incoming
         WHERE ctid = ANY(ARRAY(SELECT ctid FROM tool_events_incoming LIMIT :most))
        RETURNING *, (to_timestamp(occurred_at / 1000.0) AT TIME ZONE 'UTC')::date AS day
    ), stored AS (
        INSERT INTO tool_events ({", ".join(EVENT_COLUMNS)})
        SELECT {", ".join(EVENT_COLUMNS)} FROM moved
    ), counted AS (
        INSERT INTO event_days AS d
               (organization_id, day, walkthrough_id, mcp_server_id, version, {", ".join(KINDS)})
        SELECT organization_id, day, walkthrough_id, mcp_server_id, version,
               {", ".join(f"count(*) FILTER (WHERE kind = '{kind}')" for kind in KINDS.values())}
          FROM moved GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (organization_id, day, walkthrough_id, mcp_server_id, version)
        DO UPDATE SET {", ".join(f"{name} = d.{name} + EXCLUDED.{name}" for name in KINDS)}
    ), fresh AS (
        SELECT u.organization_id, u.id, seen.day
          FROM (SELECT DISTINCT organization_id, mcp_server_user_id, day FROM moved) seen
          JOIN mcp_server_user u
            ON u.organization_id = seen.organization_id AND u.id = seen.mcp_server_user_id
         WHERE u.active_on IS NULL OR u.active_on < seen.day
    ), marked AS (
        UPDATE mcp_server_user u SET active_on = last.day
          FROM (SELECT organization_id, id, max(day) AS day FROM fresh GROUP BY 1, 2) last
         WHERE u.organization_id = last.organization_id AND u.id = last.id
    )
    INSERT INTO active_days AS d (organization_id, day, learners)
    SELECT organization_id, day, count(*) FROM fresh GROUP BY 1, 2
    ON CONFLICT (organization_id, day) DO UPDATE SET learners = d.learners + EXCLUDED.learners
    """
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


def move_as_before(database: Database, most: int) -> None:
    """Move events as a process of an earlier release does, which is still at work."""
    with database.begin() as connection:
        wait_for_turn(connection)
        connection.execute(_MOVE_AS_BEFORE, {"most": most})


def move_all(database: Database) -> int:
    moved = 0
    while count_waiting(database)[0]:  # another mover may have its turn just now
        moved += mover.move(database)
    return moved
