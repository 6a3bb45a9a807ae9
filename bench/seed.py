"""A database to measure on: two walkthroughs, and learners who are all in the middle of one."""

from __future__ import annotations

from sqlalchemy import Connection, text

from walkthroughs.database.pool import Database

#: Steps of each walkthrough, and the step at which its learners stand.
SIZES = {10: 0, 200: 100}
#: Ordinary steps that a learner can take before the last one: each size has at least these.
STEPS_EACH = 8
LEARNERS = 44_000
#: Shorter than the time in which all learners of a case have had their turn.
PACE_SECONDS = 1

_BODY = "Do this carefully, then look at what it printed.\n\n" * 76  # about 3.7 kB


def seed(database: Database, learners: int = LEARNERS) -> None:
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
            _learners(connection, size, standing, learners)
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


def _learners(connection: Connection, size: int, standing: int, learners: int) -> None:
    keys = {"size": size, "wt": f"wt{size}", "standing": standing}
    connection.execute(
        text(
            "INSERT INTO mcp_server_user (id, organization_id, email, created_at)"
            " SELECT 'msu' || :size || '_' || n, 'o', :size || '-' || n, 0"
            " FROM generate_series(0, :last) n"
        ),
        keys | {"last": learners - 1},
    )
    connection.execute(
        text(
            "INSERT INTO personal_links (id, organization_id, mcp_server_id, mcp_server_user_id,"
            " token_hash, created_at) SELECT 'lnk' || :size || '_' || n, 'o', 'srv',"
            " 'msu' || :size || '_' || n,"
            " encode(sha256(convert_to('t' || :size || '-' || n, 'UTF8')), 'hex'), 0"
            " FROM generate_series(0, :last) n"
        ),
        keys | {"last": learners - 1},
    )
    for statement in (_GRANTS, _TOKENS, _PROGRESS):
        connection.execute(text(statement), keys | {"last": learners - 1})


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
      FROM generate_series(0, :last) n
"""


def rewind(database: Database) -> None:
    """Put every learner back to where `seed` put them."""
    with database.engine.begin() as connection:
        connection.execute(text("TRUNCATE walkthrough_progress, tool_events_incoming"))
        for size, standing in SIZES.items():
            connection.execute(
                text(_PROGRESS),
                {"size": size, "wt": f"wt{size}", "standing": standing, "last": LEARNERS - 1},
            )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE walkthrough_progress"))
