"""An organization with any number of progress rows, which grows by learners alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from bench.analytics_seed import COUNTS, INTO, SERVERS_OF, VERSIONS
from bench.dashboard import SEED
from bench.history import SUMS
from walkthroughs.database.pool import Database
from walkthroughs.events import partitions
from walkthroughs.ids import now_ms
from walkthroughs.models import WalkthroughProgress
from walkthroughs.models.events import tool_events

WALKTHROUGHS, STEPS, SERVERS = 200, 18, 4
#: Rows of progress of each learner, of which the first has its events.
EACH = 10
_DAY_MS = 86_400_000
_YEAR_MS = 365 * _DAY_MS

# Everything follows from the number of the row: `k` steps are done, the last one at `ended`.
_PLACES = f"""
    CREATE TEMPORARY TABLE places ON COMMIT DROP AS
    SELECT p, 1 + p % :learners AS learner, 1 + (p + p / :learners) % :walkthroughs AS w,
           (p * 7919 % (:steps + 1))::int AS k, 15000 + p * 104729 % 90000 AS gap,
           p % {SERVERS} AS srv, :now - p * 15485863 % {_YEAR_MS} AS ended
      FROM generate_series(CAST(:first AS bigint), :last - 1) p
"""  # noqa: S608  constants
_DONE = """
    CREATE TEMPORARY TABLE done ON COMMIT DROP AS
    SELECT w, k, (SELECT coalesce(jsonb_agg('ws' || w || '_' || d), '[]')
                    FROM generate_series(0, k - 1) d) AS steps
      FROM generate_series(1, :walkthroughs) w, generate_series(0, :steps) k
"""
_PROGRESS = """
    INSERT INTO walkthrough_progress (id, organization_id, mcp_server_user_id, walkthrough_id,
        mcp_server_id, current_step_id, status, completed_steps, started_at, completed_at, version,
        active_at, step_ms)
    SELECT 'wp' || p, 'o', 'msu' || learner, 'wt' || w, 'srv' || srv,
           'ws' || w || '_' || least(k, :steps - 1),
           (CASE WHEN k = :steps THEN 'completed' ELSE 'in_progress' END)::walkthrough_status,
           done.steps, ended - k * gap, CASE WHEN k = :steps THEN ended END, 2, ended,
           CASE WHEN k > 0 THEN gap END
      FROM places JOIN done USING (w, k) ORDER BY p
"""
_EVENTS = f"""
    {INTO}
    SELECT ended - (k - n) * gap, 'o', 'srv' || srv, 'msu' || learner, 'wt' || w, 2,
           CASE n WHEN 0 THEN 'started' ELSE 'step' END,
           CASE WHEN n > 0 THEN 'ws' || w || '_' || (n - 1) END,
           CASE WHEN n < :steps THEN 'ws' || w || '_' || n END,
           ended - k * gap, CASE WHEN n > 0 THEN gap END, NULL
      FROM places, generate_series(0, k) n WHERE p / :learners % {EACH} = 0
"""  # noqa: S608  constants
_LINKS = """
    INSERT INTO personal_links (id, organization_id, mcp_server_id, mcp_server_user_id, token_hash,
        created_at)
    SELECT 'lnk' || n, 'o', 'srv1', 'msu' || n,
           encode(sha256(convert_to('growth-' || n, 'UTF8')), 'hex'), n
      FROM generate_series(1, :learners) n
"""
_OFFERS = """
    INSERT INTO mcp_server_walkthroughs (id, organization_id, mcp_server_id, walkthrough_id,
        display_order, is_enabled, assigned_at)
    SELECT 'msw1_' || w, 'o', 'srv1', 'wt' || w, w, true, 0 FROM generate_series(1, :walkthroughs) w
"""
#: Who was shown a step was active, also without the events; and as many as a tenth began nothing.
_PEOPLE = (
    """
    UPDATE mcp_server_user u SET active_on = last.day
      FROM (SELECT mcp_server_user_id AS id,
                   (to_timestamp(max(active_at) / 1000.0) AT TIME ZONE 'UTC')::date AS day
              FROM walkthrough_progress GROUP BY 1) last
     WHERE u.organization_id = 'o' AND u.id = last.id
    """,
    """
    INSERT INTO mcp_server_user (id, organization_id, email, created_at)
    SELECT 'none' || n, 'o', 'none' || n || '@bench.example', 0
      FROM generate_series(1, :learners / 10) n
    """,
)
_INDEXES = (*tool_events.indexes, *WalkthroughProgress.__table__.indexes)
_ONE_PLACE = "uq_walkthrough_progress_mcp_server_user_id_walkthrough_id"
#: Rows of progress in one transaction, so that its temporary table stays in memory.
_CHUNK = 1_000_000


def fill(database: Database, progress: int) -> None:
    """Fill an empty, migrated database. Keys to other rows hold by how the rows are made."""
    now = now_ms()
    for months in range(13, -1, -1):
        partitions.maintain(database, 24, now - months * 30 * _DAY_MS)
    values = {
        "now": now, "learners": max(1, progress // EACH), "walkthroughs": WALKTHROUGHS,
        "steps": STEPS,
    }  # fmt: skip
    with _quick(database) as connection:
        for statement in (*SEED[:-1], SERVERS_OF, *VERSIONS, _OFFERS, _LINKS):
            connection.execute(text(statement), values)
        for index in _INDEXES:  # made at the end, at once
            index.drop(connection)
        connection.execute(text(f"ALTER TABLE walkthrough_progress DROP CONSTRAINT {_ONE_PLACE}"))
    for first in range(0, progress, _CHUNK):
        with _quick(database) as connection:
            span = {"first": first, "last": min(first + _CHUNK, progress)}
            for statement in (_PLACES, _DONE, _PROGRESS, _EVENTS):
                connection.execute(text(statement), values | span)
    with _quick(database) as connection:
        for index in _INDEXES:
            index.create(connection)
        connection.execute(
            text(
                f"ALTER TABLE walkthrough_progress ADD CONSTRAINT {_ONE_PLACE}"
                " UNIQUE (mcp_server_user_id, walkthrough_id)"
            )
        )
        for statement in (*COUNTS[: -len(SUMS)], *_PEOPLE, *SUMS):
            connection.execute(text(statement), values)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def token_of(learner: int) -> str:
    """Return the secret of a learner's link to the server `bench1`; learners count from 1."""
    return f"growth-{learner}"


def ordinary_step(learner: int, learners: int) -> str:
    """Return a step that the learner is on; they can take two ordinary steps from there."""
    for place in range(learner - 1, learners * EACH, learners):
        done = place * 7919 % (STEPS + 1)
        if done < STEPS - 2:
            return f"ws{1 + (place + place // learners) % WALKTHROUGHS}_{done}"
    raise ValueError(learner)


@contextmanager
def _quick(database: Database) -> Iterator[Connection]:
    with database.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        connection.execute(text("SET LOCAL synchronous_commit = off"))
        connection.execute(text("SET LOCAL work_mem = '256MB'"))
        yield connection
