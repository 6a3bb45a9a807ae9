"""Counts by day that movers keep, compared with what they are of, and counted again if need be.

A process of an earlier release, which is still at work during an upgrade, moves events without
these counts, and forgets learners without them. What they are of is kept by every release:
`server_days` are sums of `event_days`, and `active_days.last` tells of `active_on`.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from walkthroughs.events.turns import wait_for_turn

# One statement sees what was before a mover or after it, never a part: what differs is wrong.
_SERVERS = """
    wrong AS (
        SELECT organization_id, day, mcp_server_id,
               coalesce(counted.started, 0) AS started, coalesce(counted.finished, 0) AS finished
          FROM (SELECT organization_id, day, mcp_server_id,
                       sum(started + restarted) AS started, sum(completed) AS finished
                  FROM event_days GROUP BY 1, 2, 3) counted
          FULL JOIN server_days kept USING (organization_id, day, mcp_server_id)
         WHERE (coalesce(counted.started, 0), coalesce(counted.finished, 0))
            <> (coalesce(kept.started, 0), coalesce(kept.finished, 0)))
"""
_LAST = """
    wrong AS (
        SELECT organization_id, day, coalesce(counted.last, 0) AS last
          FROM (SELECT organization_id, active_on AS day, count(*) AS last
                  FROM mcp_server_user WHERE active_on IS NOT NULL GROUP BY 1, 2) counted
          FULL JOIN active_days kept USING (organization_id, day)
         WHERE coalesce(counted.last, 0) <> coalesce(kept.last, 0))
"""
# An organization that is being deleted is left out, or stays until these rows are there.
_LIVING = """
    living AS (
        SELECT id FROM organization
         WHERE id IN (SELECT organization_id FROM wrong) ORDER BY id FOR KEY SHARE)
"""
_IS_WRONG = text(
    f"""
    SELECT EXISTS (WITH {_SERVERS} SELECT FROM wrong) OR EXISTS (WITH {_LAST} SELECT FROM wrong)
    """  # noqa: S608  constants
)
_CORRECT_SERVERS = text(
    f"""
    WITH {_SERVERS}, {_LIVING}
    INSERT INTO server_days (organization_id, day, mcp_server_id, started, finished)
    SELECT wrong.* FROM wrong JOIN living ON living.id = wrong.organization_id
    ON CONFLICT (organization_id, day, mcp_server_id)
    DO UPDATE SET started = EXCLUDED.started, finished = EXCLUDED.finished
    """  # noqa: S608  constants
)
_CORRECT_LAST = text(
    f"""
    WITH {_LAST}, {_LIVING}
    INSERT INTO active_days (organization_id, day, last)
    SELECT wrong.* FROM wrong JOIN living ON living.id = wrong.organization_id
    ON CONFLICT (organization_id, day) DO UPDATE SET last = EXCLUDED.last
    """  # noqa: S608  constants
)


def correct_days(connection: Connection) -> int:
    """Count again what is not what it should be; return how many counts were wrong.

    Nobody waits while it looks. Only if something is wrong, movers wait until the transaction ends.
    """
    if not connection.execute(_IS_WRONG).scalar():
        return 0
    wait_for_turn(connection)
    return sum(
        connection.execute(statement).rowcount for statement in (_CORRECT_SERVERS, _CORRECT_LAST)
    )
