"""An organization with many events: attempts of a year, whose places, events and counts agree."""

from __future__ import annotations

from sqlalchemy import text

from bench.dashboard import SEED
from bench.history import SUMS
from walkthroughs.database.pool import Database
from walkthroughs.events import partitions
from walkthroughs.models.events import tool_events

WALKTHROUGHS, STEPS, SERVERS = 200, 18, 4
_DAY_MS = 86_400_000
_YEAR_MS = 365 * _DAY_MS
#: Rows of progress of each learner.
_EACH = 10

# An attempt `p` has taken `k` of the steps, one each `gap` milliseconds; the last was at `ended`.
# All of it follows from the number of the attempt.
_ATTEMPTS = f"""
    CREATE TEMPORARY TABLE attempts ON COMMIT DROP AS
    SELECT p, learner, w, k, gap, srv, ended - k * gap AS started, ended,
           CASE WHEN ended - k * gap < :now - {_YEAR_MS // 2} THEN 1 ELSE 2 END AS version,
           CASE WHEN p >= :learners
                THEN 1 + (p - :learners + (p - :learners) / :learners) % :walkthroughs END AS before
      FROM (SELECT p, 1 + p % :learners AS learner,
                   1 + (p + p / :learners) % :walkthroughs AS w,
                   (p * 7919 % (:steps + 1))::int AS k,
                   15000 + p * 104729 % 90000 AS gap, p % {SERVERS} AS srv,
                   :now - p * 15485863 % {_YEAR_MS} AS ended
              FROM generate_series(0::bigint, :progress - 1) p) a
"""  # noqa: S608  constants
_PROGRESS = """
    INSERT INTO walkthrough_progress (id, organization_id, mcp_server_user_id, walkthrough_id,
        mcp_server_id, current_step_id, status, completed_steps, started_at, completed_at, version,
        active_at, step_ms)
    SELECT 'wp' || p, 'o', 'msu' || learner, 'wt' || w, 'srv' || srv,
           'ws' || w || '_' || least(k, :steps - 1),
           (CASE WHEN k = :steps THEN 'completed' ELSE 'in_progress' END)::walkthrough_status,
           (SELECT coalesce(jsonb_agg('ws' || w || '_' || d), '[]')
              FROM generate_series(0, k - 1) d),
           started, CASE WHEN k = :steps THEN ended END, version, ended,
           CASE WHEN k > 0 THEN gap END
      FROM attempts
"""
INTO = """
    INSERT INTO tool_events (occurred_at, organization_id, mcp_server_id, mcp_server_user_id,
        walkthrough_id, version, kind, step_id, next_step_id, run_started_at, step_ms,
        from_walkthrough_id)
"""
_EVENTS = (
    """
    SELECT started, 'o', 'srv' || srv, 'msu' || learner, 'wt' || w, version, 'started', NULL,
           'ws' || w || '_0', started, NULL, 'wt' || before FROM attempts
    """,
    """
    SELECT started + (n + 1) * gap, 'o', 'srv' || srv, 'msu' || learner, 'wt' || w, version, 'step',
           'ws' || w || '_' || n, CASE WHEN n + 1 < :steps THEN 'ws' || w || '_' || (n + 1) END,
           started, gap, NULL
      FROM attempts, generate_series(0, k - 1) n
    """,
    """
    SELECT ended, 'o', 'srv' || srv, 'msu' || learner, 'wt' || w, version, 'completed', NULL, NULL,
           started, NULL, NULL FROM attempts WHERE k = :steps
    """,
)
_DAY = "(to_timestamp(occurred_at / 1000.0) AT TIME ZONE 'UTC')::date"
COUNTS = (
    f"""
    INSERT INTO event_days (organization_id, day, walkthrough_id, mcp_server_id, version, started,
        steps, completed)
    SELECT organization_id, {_DAY}, walkthrough_id, mcp_server_id, version,
           count(*) FILTER (WHERE kind = 'started'), count(*) FILTER (WHERE kind = 'step'),
           count(*) FILTER (WHERE kind = 'completed')
      FROM tool_events GROUP BY 1, 2, 3, 4, 5
    """,  # noqa: S608  constants
    f"""
    CREATE TEMPORARY TABLE learner_days ON COMMIT DROP AS
    SELECT DISTINCT organization_id, mcp_server_user_id AS learner, {_DAY} AS day FROM tool_events
    """,  # noqa: S608  constants
    """
    INSERT INTO active_days (organization_id, day, learners)
    SELECT organization_id, day, count(*) FROM learner_days GROUP BY 1, 2
    """,
    """
    UPDATE mcp_server_user u SET active_on = last.day
      FROM (SELECT learner, max(day) AS day FROM learner_days GROUP BY 1) last
     WHERE u.organization_id = 'o' AND u.id = last.learner
    """,
    *SUMS,
)
SERVERS_OF = f"""
    INSERT INTO mcp_servers (id, organization_id, slug, name, auth_type,
        walkthrough_tools_enabled, pace_seconds, created_at)
    SELECT 'srv' || s, 'o', 'bench' || s, 'Bench ' || s, 'personal_link', true, 0, 0
      FROM generate_series(0, {SERVERS - 1}) s
"""  # noqa: S608  constants
VERSIONS = (
    "UPDATE walkthroughs SET version = 2",
    """
    INSERT INTO walkthrough_versions (id, organization_id, walkthrough_id, number, level, summary,
        digest, step_ids, author, created_at)
    SELECT 'wx' || w, 'o', 'wt' || w, 2, 'structure', 'Second version.', '', '[]',
           'ann@bench.example', :now - 15768000000
      FROM generate_series(1, :walkthroughs) w
    """,
)


def fill(database: Database, progress: int) -> int:
    """Fill an empty, migrated database; return how many events there are.

    Keys to other rows are not checked meanwhile: they hold by how the rows are made.
    """
    now = _now(database)
    for months in range(13, -1, -1):
        partitions.maintain(database, 24, now - months * 30 * _DAY_MS)
    values = {
        "now": now,
        "progress": progress,
        "learners": max(1, progress // _EACH),
        "walkthroughs": WALKTHROUGHS,
        "steps": STEPS,
    }
    with database.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("SET LOCAL work_mem = '256MB'"))
        connection.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
        for index in tool_events.indexes:  # made at the end, at once
            index.drop(connection)
        # All but its rows of progress.
        for statement in (
            *SEED[:-1],
            SERVERS_OF,
            *VERSIONS,
            _ATTEMPTS,
            _PROGRESS,
            *map(INTO.__add__, _EVENTS),
        ):
            connection.execute(text(statement), values)
        for index in tool_events.indexes:
            index.create(connection)
        for statement in COUNTS:
            connection.execute(text(statement))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return _agreed(database)


def _now(database: Database) -> int:
    with database.begin() as connection:
        query = text("SELECT (extract(epoch FROM now()) * 1000)::bigint")
        return int(connection.execute(query).scalar_one())


def _agreed(database: Database) -> int:
    """Return how many events there are, which the counts and the places must agree with."""
    query = text(
        """
        SELECT (SELECT count(*) FROM tool_events),
               (SELECT sum(started + steps + completed) FROM event_days),
               (SELECT sum(1 + jsonb_array_length(completed_steps)
                           + (completed_at IS NOT NULL)::int) FROM walkthrough_progress),
               (SELECT count(*) FROM tool_events_default)
        """
    )
    with database.begin() as connection:
        events, counted, placed, strays = connection.execute(query).one()
    assert events == counted == placed, (events, counted, placed)
    assert not strays, strays
    return int(events)
