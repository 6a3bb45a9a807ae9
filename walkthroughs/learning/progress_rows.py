"""The SQL on a learner's progress rows: one name and one purpose each."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, text

from walkthroughs.learning.caller import Caller
from walkthroughs.learning.position import StepRef
from walkthroughs.learning.visibility import DIGEST, VISIBLE

OWN_ROWS = "p.organization_id = :organization_id AND p.mcp_server_user_id = :learner_id"


def learner_keys(caller: Caller) -> dict[str, Any]:
    """Return the parameters of `OWN_ROWS`."""
    return {"organization_id": caller.organization_id, "learner_id": caller.learner_id}


FIND_VISIBLE = (
    f"SELECT w.version, {DIGEST} AS digest FROM walkthroughs w"  # noqa: S608  constants
    f" WHERE w.id = :walkthrough_id AND {VISIBLE}"
)
# A time that lies ahead, by more than the clocks of two machines differ, was noted before the clock
# was set back: it says nothing.
LAST_ACTIVE = f"""
    SELECT p.walkthrough_id, {VISIBLE} AS is_offered
      FROM walkthrough_progress p JOIN walkthroughs w ON w.id = p.walkthrough_id
     WHERE {OWN_ROWS} AND p.status <> 'not_started'
     ORDER BY p.active_at > :now + 5000, p.active_at DESC LIMIT 1
"""  # noqa: S608  constants
# Where the learner was before they started a walkthrough.
LAST_BEFORE = text(
    f"""
    SELECT p.walkthrough_id FROM walkthrough_progress p
     WHERE {OWN_ROWS} AND p.walkthrough_id <> :walkthrough_id AND p.status <> 'not_started'
     ORDER BY p.active_at > :now + 5000, p.active_at DESC LIMIT 1
    """  # noqa: S608  constants
)
WALKTHROUGH_OF_STEP = f"""
    SELECT s.walkthrough_id FROM walkthrough_steps s
      JOIN walkthroughs w ON w.id = s.walkthrough_id AND {VISIBLE}
     WHERE s.organization_id = :organization_id AND s.id = :step_id
"""  # noqa: S608  constants
READ_ROW = f"""
    SELECT p.* FROM walkthrough_progress p
     WHERE {OWN_ROWS} AND p.walkthrough_id = :walkthrough_id
"""  # noqa: S608  constants
STEPS_OF_VERSION = text(
    """
    SELECT s.id, s.external_id
      FROM walkthrough_versions v, jsonb_array_elements_text(v.step_ids) WITH ORDINALITY AS o(id, n)
      JOIN walkthrough_steps s ON s.id = o.id
     WHERE v.organization_id = :organization_id AND v.walkthrough_id = :walkthrough_id
       AND v.number = :version AND s.organization_id = :organization_id
     ORDER BY o.n
    """
)
# The learner is locked before the row is made. A learner who has just been merged with another one,
# or erased, starts nothing.
START = text(
    """
    INSERT INTO walkthrough_progress (id, organization_id, mcp_server_user_id, walkthrough_id,
        mcp_server_id, current_step_id, status, completed_steps, started_at, version, active_at)
    SELECT :id, u.organization_id, u.id, :walkthrough_id, :server_id, :step_id,
           'in_progress', '[]', :now, :version, :now
      FROM mcp_server_user u
     WHERE u.organization_id = :organization_id AND u.id = :learner_id FOR KEY SHARE
    ON CONFLICT (mcp_server_user_id, walkthrough_id) DO UPDATE
       SET current_step_id = EXCLUDED.current_step_id, status = EXCLUDED.status,
           started_at = EXCLUDED.started_at, version = EXCLUDED.version,
           mcp_server_id = EXCLUDED.mcp_server_id
     WHERE walkthrough_progress.status = 'not_started'
    """
)
# Who had completed nothing goes on with the same attempt.
RESTART = text(
    f"""
    UPDATE walkthrough_progress p
       SET current_step_id = :step_id, status = 'in_progress',
           started_at = CASE WHEN :is_new_attempt THEN :now ELSE started_at END,
           mcp_server_id = CASE WHEN :is_new_attempt THEN :server_id ELSE mcp_server_id END,
           completed_at = NULL, version = :version, active_at = :now
     WHERE {OWN_ROWS} AND p.walkthrough_id = :walkthrough_id
    """  # noqa: S608  constants
)
UPDATE = text(
    """
    UPDATE walkthrough_progress
       SET current_step_id = :current_step_id, status = CAST(:status AS walkthrough_status),
           completed_steps = completed_steps || CAST(:completed AS jsonb),
           completed_at = :completed_at, version = :version, active_at = :now,
           step_ms = COALESCE(:step_ms, step_ms)
     WHERE organization_id = :organization_id AND id = :id
    """
)
COUNT_HURRIED = text(
    """
    UPDATE walkthrough_progress
       SET hurried_calls = hurried_calls + 1, active_at = :shown_at
     WHERE organization_id = :organization_id AND id = :id
    """
)
DELETE_EMPTY = text(
    f"""
    DELETE FROM walkthrough_progress p
     WHERE {OWN_ROWS} AND p.walkthrough_id = :walkthrough_id AND p.completed_steps = '[]'
    """  # noqa: S608  constants
)
# What is left was completed here and belongs to another walkthrough now.
MARK_NOT_STARTED = text(
    f"""
    UPDATE walkthrough_progress p
       SET status = 'not_started', started_at = NULL, completed_at = NULL
     WHERE {OWN_ROWS} AND p.walkthrough_id = :walkthrough_id
    """  # noqa: S608  constants
)


def row_keys(caller: Caller) -> dict[str, Any]:
    """Return the parameters of `OWN_ROWS` and of what is visible on the caller's server."""
    return learner_keys(caller) | {"server_id": caller.server_id}


def read_row(
    connection: Connection, caller: Caller, walkthrough_id: str, *, lock: bool
) -> Row[Any] | None:
    """Return the learner's row in a walkthrough, perhaps locked until the transaction ends."""
    statement = text(f"{READ_ROW} FOR NO KEY UPDATE" if lock else READ_ROW)
    return connection.execute(
        statement, row_keys(caller) | {"walkthrough_id": walkthrough_id}
    ).one_or_none()


def read_steps_of_version(
    connection: Connection, caller: Caller, walkthrough_id: str, version: int
) -> tuple[StepRef, ...]:
    """Return the steps that a version of the walkthrough had, in order."""
    keys = {
        "organization_id": caller.organization_id,
        "walkthrough_id": walkthrough_id,
        "version": version,
    }
    rows = connection.execute(STEPS_OF_VERSION, keys)
    return tuple(StepRef(row.id, row.external_id) for row in rows)
