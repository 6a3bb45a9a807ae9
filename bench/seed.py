"""A database to measure on: two walkthroughs, and learners who are all in the middle of one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import IntEnum
from pathlib import Path

from sqlalchemy import Connection, text

from walkthroughs.database import embedded, migrations
from walkthroughs.database.pool import Database, connect

#: Steps of each walkthrough, and the step at which its learners stand.
SIZES = {10: 0, 200: 100}
#: Ordinary steps that a learner can take before the last one: each size has at least these.
STEPS_EACH = 8
#: Shorter than the time in which all learners of a case have had their turn.
PACE_SECONDS = 1
#: Learners of a range. Each case that moves learners has a range of its own.
SHARE = 6_500


class Range(IntEnum):
    """The ranges of learners. Those who look are one step further than all others."""

    PGBENCH = 0
    DATABASE = 1
    STEP_1 = 2
    STEP_32 = 3
    PGBENCH_NO_EVENT = 4
    STEP_1_NO_EVENT = 5
    LOOKING = 6
    #: Of these there are only those in the walkthrough of ten steps.
    BEARER_1 = 7
    BEARER_32 = 8
    LEGACY_1 = 9
    LEGACY_32 = 10
    HANDSHAKE = 11
    WORKERS_1 = 12
    WORKERS_2 = 13
    WORKERS_4 = 14


#: How many learners a walkthrough has, by its size.
LEARNERS = {10: SHARE * len(Range), 200: SHARE * (Range.LOOKING + 1)}

_BODY = "Do this carefully, then look at what it printed.\n\n" * 76  # about 3.7 kB


@contextmanager
def seeded() -> Iterator[tuple[str, Database, Path]]:
    """Yield the address of a database of its own that is filled, the database, and its folder."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        data = Path(folder) / "postgres"
        url = embedded.start(data)
        stack.callback(embedded.stop, data)
        database = connect(url)
        stack.callback(database.close)
        _put_checkpoints_off(database)
        migrations.upgrade(database)
        _seed(database)
        yield url, database, data


def _put_checkpoints_off(database: Database) -> None:
    """Let no checkpoint fall into some cases and not into others: the next ones write more."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for setting in ("checkpoint_timeout = '1h'", "max_wal_size = '16GB'"):
            connection.execute(text(f"ALTER SYSTEM SET {setting}"))
        connection.execute(text("SELECT pg_reload_conf()"))


def _seed(database: Database) -> None:
    """Fill an empty, migrated database. Ids tell what they are, so that clients can make them."""
    with database.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO organization (id, slug, name, created_at) VALUES ('o', 'o', 'O', 0)")
        )
        connection.execute(
            text(
                "INSERT INTO mcp_servers (id, organization_id, slug, name, auth_type,"
                " walkthrough_tools_enabled, pace_seconds, created_at)"
                " VALUES ('srv', 'o', 'bench', 'Bench', 'oauth', true, :pace, 0)"
            ),
            {"pace": PACE_SECONDS},
        )
        for size, standing in SIZES.items():
            _walkthrough(connection, size)
            _learners(connection, size)
            _progress(connection, size, standing)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def token_of(size: int, learner: int) -> str:
    """Return the secret of a learner's link."""
    return f"t{size}-{learner}"


def bearer_of(size: int, learner: int) -> str:
    """Return a learner's access token."""
    return f"b{size}-{learner}"


def step_of(size: int, position: int) -> str:
    """Return a step's row id; positions count from 0."""
    return f"ws{size}_{position}"


def walk(size: int, first: int, last: int) -> Iterator[tuple[int, str]]:
    """Yield (learner, current step): each learner of a range takes some ordinary steps.

    They take turns, so that nobody is held back: with a pace, a step stays for a while.
    """
    for position in range(SIZES[size], SIZES[size] + STEPS_EACH):
        for learner in range(first, last):
            yield learner, step_of(size, position)


def _walkthrough(connection: Connection, size: int) -> None:
    values = {"wt": f"wt{size}", "size": size, "body": _BODY}
    connection.execute(
        text(
            "INSERT INTO walkthroughs (id, organization_id, title, version, is_published, tags,"
            " step_count, external_id, digest, first_step_id, created_at, updated_at) VALUES"
            " (:wt, 'o', 'Bench', 1, true, '[]', :size, :wt, '', 'ws' || :size || '_0', 0, 0)"
        ),
        values,
    )
    connection.execute(
        text(
            "INSERT INTO walkthrough_steps (id, organization_id, walkthrough_id, title, content,"
            " verify, next_step_id, display_order, external_id, revision, created_at)"
            " SELECT 'ws' || :size || '_' || n, 'o', :wt, 'Step ' || n, :body, 'It runs.',"
            " CASE WHEN n < :size - 1 THEN 'ws' || :size || '_' || (n + 1) END, n,"
            " 's' || n, 1, 0 FROM generate_series(0, :size - 1) n"
        ),
        values,
    )
    connection.execute(
        text(
            "INSERT INTO mcp_server_walkthroughs (id, organization_id, mcp_server_id,"
            " walkthrough_id, display_order, is_enabled, assigned_at)"
            " VALUES ('msw' || :wt, 'o', 'srv', :wt, 0, true, 0)"
        ),
        values,
    )


def _learners(connection: Connection, size: int) -> None:
    keys = {"size": size, "last": LEARNERS[size] - 1}
    connection.execute(
        text(
            "INSERT INTO mcp_server_user (id, organization_id, email, created_at)"
            " SELECT 'msu' || :size || '_' || n, 'o', :size || '-' || n, 0"
            " FROM generate_series(0, :last) n"
        ),
        keys,
    )
    connection.execute(
        text(
            "INSERT INTO personal_links (id, organization_id, mcp_server_id, mcp_server_user_id,"
            " token_hash, created_at) SELECT 'lnk' || :size || '_' || n, 'o', 'srv',"
            " 'msu' || :size || '_' || n,"
            " encode(sha256(convert_to('t' || :size || '-' || n, 'UTF8')), 'hex'), 0"
            " FROM generate_series(0, :last) n"
        ),
        keys,
    )
    for statement in (_GRANTS, _TOKENS):
        connection.execute(text(statement), keys)


_GRANTS = """
    INSERT INTO oauth_grants (id, organization_id, mcp_server_id, mcp_server_user_id, client_id,
        client_name, redirect_host, created_at, last_used_at)
    SELECT 'gra' || :size || '_' || n, 'o', 'srv', 'msu' || :size || '_' || n, 'app', 'App',
           '127.0.0.1', 0, 0
      FROM generate_series(0, :last) n
"""
_TOKENS = """
    INSERT INTO oauth_tokens (id, organization_id, oauth_grant_id, kind, token_hash, created_at,
        expires_at, uses)
    SELECT 'tok' || :size || '_' || n, 'o', 'gra' || :size || '_' || n, 'access',
           encode(sha256(convert_to('b' || :size || '-' || n, 'UTF8')), 'hex'), 0,
           9000000000000, 0
      FROM generate_series(0, :last) n
"""
_PROGRESS = """
    INSERT INTO walkthrough_progress (id, organization_id, mcp_server_user_id, walkthrough_id,
        mcp_server_id, current_step_id, status, completed_steps, started_at, version, active_at)
    SELECT 'wp' || :size || '_' || n, 'o', 'msu' || :size || '_' || n, :wt, 'srv',
           'ws' || :size || '_' || :standing, 'in_progress',
           (SELECT coalesce(jsonb_agg('ws' || :size || '_' || d), '[]')
              FROM generate_series(0, :standing - 1) d),
           0, 1, 0
      FROM generate_series(:first, :last) n
"""


def rewind(database: Database) -> None:
    """Put every learner back to where `seeded` put them."""
    with database.engine.begin() as connection:
        connection.execute(text("TRUNCATE walkthrough_progress, tool_events_incoming"))
        for size, standing in SIZES.items():
            _progress(connection, size, standing)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE walkthrough_progress"))


def _progress(connection: Connection, size: int, standing: int) -> None:
    looking = Range.LOOKING * SHARE
    for place, first, last in (
        (standing, 0, looking),
        (standing + 1, looking, looking + SHARE),
        (standing, looking + SHARE, LEARNERS[size]),
    ):
        keys = {"size": size, "wt": f"wt{size}", "standing": place}
        connection.execute(text(_PROGRESS), keys | {"first": first, "last": last - 1})
