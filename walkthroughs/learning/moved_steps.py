"""Count completions of steps that moved between walkthroughs."""

from __future__ import annotations

from collections.abc import Sequence, Set

from sqlalchemy import Connection, text

from walkthroughs.learning import position
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.position import StepLineage, StepRef
from walkthroughs.learning.progress_rows import OWN_ROWS, learner_keys

_COMPLETED_AMONG = text(
    f"""
    SELECT DISTINCT done.id
      FROM walkthrough_progress p, jsonb_array_elements_text(p.completed_steps) AS done(id)
     WHERE {OWN_ROWS} AND done.id = ANY(:ids)
    """  # noqa: S608  constants
)
_CREDIT = text(
    f"""
    UPDATE walkthrough_progress p SET completed_steps = p.completed_steps || to_jsonb(s.id)
      FROM walkthrough_steps s
     WHERE {OWN_ROWS} AND s.organization_id = :organization_id
       AND s.walkthrough_id = p.walkthrough_id AND s.archived_at IS NULL
       AND s.predecessor_ids <> '[]' AND s.predecessor_ids ? :step_id
       AND NOT p.completed_steps ? s.id
    """  # noqa: S608  constants
)
# An uncommitted progress row cannot be locked. Lock the learner's row first, so that two restarts
# run one after the other.
_LOCK_LEARNER = text(
    """
    SELECT FROM mcp_server_user
     WHERE organization_id = :organization_id AND id = :learner_id FOR NO KEY UPDATE
    """
)
_LOCK_ROWS = text(
    f"""
    SELECT p.completed_steps FROM walkthrough_progress p
     WHERE {OWN_ROWS} ORDER BY p.id FOR NO KEY UPDATE
    """  # noqa: S608  constants
)
_LINEAGE = text(
    """
    SELECT s.id, s.walkthrough_id, s.predecessor_ids, LEAST(s.archived_at, w.archived_at) AS left_at
      FROM walkthrough_steps s JOIN walkthroughs w ON w.id = s.walkthrough_id
     WHERE s.organization_id = :organization_id AND w.organization_id = :organization_id
       AND (s.id = ANY(:ids)
            OR s.predecessor_ids <> '[]' AND s.predecessor_ids ?| CAST(:ids AS text[]))
    """
)
# If the current step is removed from the completions, point the row at the last completed step that
# is left. Otherwise the next call would complete the removed step again. With none left, set
# not_started.
_REMOVE = text(
    f"""
    UPDATE walkthrough_progress p
       SET completed_steps = p.completed_steps - CAST(:ids AS text[]),
           current_step_id = CASE WHEN p.current_step_id = ANY(:ids)
             THEN COALESCE((p.completed_steps - CAST(:ids AS text[])) ->> -1, p.current_step_id)
             ELSE p.current_step_id END,
           status = CASE WHEN p.current_step_id = ANY(:ids)
              AND p.completed_steps - CAST(:ids AS text[]) = '[]'
             THEN 'not_started' ELSE p.status END
     WHERE {OWN_ROWS} AND p.completed_steps ?| CAST(:ids AS text[])
    """  # noqa: S608  constants
)


def completed_before_move(
    connection: Connection, caller: Caller, live: Sequence[StepRef]
) -> frozenset[str]:
    """Return which of the *live* steps the learner completed before they moved here."""
    ids = sorted(set[str]().union(*(step.predecessor_ids for step in live)))
    if not ids:
        return frozenset()
    done = connection.execute(_COMPLETED_AMONG, learner_keys(caller) | {"ids": ids}).scalars()
    return position.completed_before_move(frozenset(done), live)


def credit_moved_step(connection: Connection, caller: Caller, step_id: str) -> None:
    """Credit the completion of a step that is not live any more to the step that it became.

    Only a learner who has the other walkthrough open already needs it, because the
    ordinary step call reads no other row.
    """
    connection.execute(_CREDIT, learner_keys(caller) | {"step_id": step_id})


def remove_completions(
    connection: Connection,
    caller: Caller,
    walkthrough_id: str,
    *,
    among: Set[str] | None = None,
) -> frozenset[str]:
    """Remove the completions of the walkthrough's steps from all of the learner's rows.

    With *among*, only those of the rows that it names. Returns their row ids.
    """
    completed = lock_progress_rows(connection, caller)
    rows = connection.execute(
        _LINEAGE, {"organization_id": caller.organization_id, "ids": sorted(completed)}
    )
    holders = [
        StepLineage(row.id, row.walkthrough_id, row.left_at, frozenset(row.predecessor_ids))
        for row in rows
    ]
    ids = position.completions_to_remove(walkthrough_id, completed, holders)
    ids = ids if among is None else ids & among
    if ids:
        connection.execute(_REMOVE, learner_keys(caller) | {"ids": sorted(ids)})
    return ids


def lock_progress_rows(connection: Connection, caller: Caller) -> Set[str]:
    """Lock the learner's rows in one order; return all completions. None can be added meanwhile."""
    connection.execute(_LOCK_LEARNER, learner_keys(caller))
    rows = connection.execute(_LOCK_ROWS, learner_keys(caller)).scalars()
    return frozenset(step_id for completed in rows for step_id in completed)
