"""A history of learners: progress, events, and counts by day, as if they had walked for months."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, text

from walkthroughs.database.pool import Database
from walkthroughs.events import partitions
from walkthroughs.ids import now_ms
from walkthroughs.models.events import EVENT_COLUMNS

_COURSES = """
    CREATE TEMP TABLE courses ON COMMIT DROP AS
    SELECT w.id, w.version, offered.server_id,
           (SELECT array_agg(s.id ORDER BY s.display_order) FROM walkthrough_steps s
             WHERE s.walkthrough_id = w.id AND s.archived_at IS NULL) AS steps
      FROM walkthroughs w
      JOIN (SELECT walkthrough_id, min(mcp_server_id) AS server_id FROM mcp_server_walkthroughs
             GROUP BY 1) offered ON offered.walkthrough_id = w.id
     WHERE w.organization_id = :org AND w.is_published AND w.archived_at IS NULL
"""
_LEARNERS = """
    INSERT INTO mcp_server_user (id, organization_id, email, created_at)
    SELECT 'msu_' || :prefix || n, :org, 'learner' || n || '@x.example', :now
      FROM generate_series(1, :learners) n
"""
# Who begins mostly goes on: about half of them finish, and most of the others stop early.
_TAKEN = """
    CREATE TEMP TABLE taken ON COMMIT DROP AS
    SELECT 'wp_' || :prefix || row_number() OVER () AS id, learner, t.walkthrough_id, version,
           server_id, steps, done, pace, started,
           lag(t.walkthrough_id) OVER (PARTITION BY learner ORDER BY started) AS came_from
      FROM (SELECT learner, walkthrough_id, version, server_id, steps, done, pace,
                   :now - done * pace - (random() * :days * 86400000)::bigint AS started
              FROM (SELECT 'msu_' || :prefix || n AS learner, c.id AS walkthrough_id, c.version,
                           c.server_id, c.steps, (30000 + random() * 400000)::bigint AS pace,
                           least(cardinality(c.steps),
                                 floor(cardinality(c.steps) * 1.9 * random()))::int AS done
                      FROM generate_series(1, :learners) n CROSS JOIN courses c
                     WHERE random() < :share) chosen) t
"""
_PROGRESS = """
    INSERT INTO walkthrough_progress (id, organization_id, mcp_server_user_id, walkthrough_id,
           mcp_server_id, current_step_id, status, completed_steps, started_at, completed_at,
           version, active_at)
    SELECT id, :org, learner, walkthrough_id, server_id,
           steps[least(done + 1, cardinality(steps))],
           (CASE WHEN done = cardinality(steps) THEN 'completed' ELSE 'in_progress' END)
             ::walkthrough_status,
           to_jsonb(steps[1:done]), started,
           CASE WHEN done = cardinality(steps) THEN started + done * pace END, version,
           started + done * pace
      FROM taken
"""
_EVENTS = f"""
    INSERT INTO tool_events ({", ".join(EVENT_COLUMNS)})
    SELECT started, :org, server_id, learner, walkthrough_id, version, 'started', NULL, steps[1],
           started, NULL, came_from FROM taken
    UNION ALL
    SELECT started + i * pace, :org, server_id, learner, walkthrough_id, version, 'step',
           steps[i], steps[i + 1], started, (pace * (0.3 + random()))::bigint, NULL
      FROM taken CROSS JOIN LATERAL generate_series(1, done) i
    UNION ALL
    SELECT started + done * pace, :org, server_id, learner, walkthrough_id, version, 'completed',
           NULL, NULL, started, NULL, NULL FROM taken WHERE done = cardinality(steps)
"""  # noqa: S608  names of columns
_DAY = "(to_timestamp(occurred_at / 1000.0) AT TIME ZONE 'UTC')::date"
#: What was counted before is counted again with all others.
_FORGET = tuple(
    f"DELETE FROM {table} WHERE organization_id = :org"  # noqa: S608  a constant
    for table in ("event_days", "active_days", "server_days")
)
_COUNTS = f"""
    INSERT INTO event_days (organization_id, day, walkthrough_id, mcp_server_id, version,
           started, steps, completed)
    SELECT organization_id, {_DAY}, walkthrough_id, mcp_server_id, version,
           count(*) FILTER (WHERE kind = 'started'), count(*) FILTER (WHERE kind = 'step'),
           count(*) FILTER (WHERE kind = 'completed')
      FROM tool_events WHERE organization_id = :org GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608  an expression
_ACTIVE = f"""
    INSERT INTO active_days (organization_id, day, learners)
    SELECT :org, {_DAY}, count(DISTINCT mcp_server_user_id)
      FROM tool_events WHERE organization_id = :org GROUP BY 2
"""  # noqa: S608  an expression
_ACTIVE_ON = f"""
    UPDATE mcp_server_user u SET active_on = last.day
      FROM (SELECT mcp_server_user_id, max({_DAY}) AS day FROM tool_events
             WHERE organization_id = :org GROUP BY 1) last
     WHERE u.organization_id = :org AND u.id = last.mcp_server_user_id
"""  # noqa: S608  an expression
#: What follows from the other counts, of all organizations.
SUMS = (
    """
    INSERT INTO server_days (organization_id, day, mcp_server_id, started, finished)
    SELECT organization_id, day, mcp_server_id, sum(started + restarted), sum(completed)
      FROM event_days GROUP BY 1, 2, 3 HAVING sum(started + restarted + completed) > 0
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO active_days (organization_id, day, last)
    SELECT organization_id, active_on, count(*) FROM mcp_server_user
     WHERE active_on IS NOT NULL GROUP BY 1, 2
    ON CONFLICT (organization_id, day) DO UPDATE SET last = EXCLUDED.last
    """,
)


def fill(
    database: Database,
    organization_id: str,
    *,
    learners: int,
    days: int,
    share: float = 0.6,
    prefix: str = "h",
) -> int:
    """Let new learners take what the organization offers; return how many events that made.

    It is the same for the same content. Nobody else may write meanwhile: foreign keys are not
    asked, which takes a superuser.

    Args:
        database: all events of the organization are moved.
        organization_id: whose servers offer at least one walkthrough.
        learners: how many.
        days: over how many days until now they began.
        share: of the walkthroughs, that a learner takes.
        prefix: begins the ids of the rows: another one for each organization.
    """
    _make_months(database, days)
    with database.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("SELECT setseed(0.5)"))
        keys = {"org": organization_id, "now": now_ms(), "learners": learners, "days": days}
        for statement in (_COURSES, _LEARNERS, _TAKEN, _PROGRESS):
            connection.execute(text(statement), keys | {"share": share, "prefix": prefix})
        made = connection.execute(text(_EVENTS), keys).rowcount
        for statement in (*_FORGET, _COUNTS, _ACTIVE, _ACTIVE_ON, *SUMS):
            connection.execute(text(statement), keys)
    analyze(database)
    return made


def analyze(database: Database) -> None:
    """Let the database know what it holds, and what of it needs no second look."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        _vacuum(connection)


def _vacuum(connection: Connection) -> None:
    for table in ("tool_events", "event_days", "walkthrough_progress", "mcp_server_user"):
        connection.execute(text(f"VACUUM ANALYZE {table}"))


def _make_months(database: Database, days: int) -> None:
    """Make the partitions of the past, which otherwise were made when it was the present."""
    this = partitions.month_at(int(datetime.now(UTC).timestamp() * 1000))
    step = partitions.MONTHS_AHEAD + 1
    for month in range(this - days // 28 - 1, this + 1, step):
        partitions.maintain(database, 10_000, now=partitions.start_ms(month))
    partitions.maintain(database, 10_000)
