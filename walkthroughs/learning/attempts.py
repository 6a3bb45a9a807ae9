"""Attempts that ended because the learner began again. Kept as history until a reset.

Nothing reads a place or a completion from here: what counts is in the progress rows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from typing import Any

from sqlalchemy import Connection, Row, text

from walkthroughs.ids import id_factory
from walkthroughs.learning import position
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.position import StepRef

_new_id = id_factory("wa")

_OWN = """
    a.organization_id = :organization_id AND a.mcp_server_user_id = :learner_id
    AND a.walkthrough_id = :walkthrough_id
"""
_INSERT = text(
    """
    INSERT INTO walkthrough_attempts (id, organization_id, mcp_server_user_id, walkthrough_id,
        mcp_server_id, version, started_at, completed_at, ended_at, completed_steps)
    VALUES (:id, :organization_id, :learner_id, :walkthrough_id, :server_id, :version,
        :started_at, :completed_at, :ended_at, CAST(:completed AS jsonb))
    """
)
_COUNT = text(f"SELECT count(*) FROM walkthrough_attempts a WHERE {_OWN}")  # noqa: S608  constants
_DELETE = text(f"DELETE FROM walkthrough_attempts a WHERE {_OWN}")  # noqa: S608  constants


def keep(
    connection: Connection, row: Row[Any], ended: Set[str], live: Sequence[StepRef], now: int
) -> None:
    """Store the attempt that ends now.

    Args:
        connection: in the transaction that locked the learner's rows.
        row: the learner's progress row as it was before.
        ended: the row ids whose completion stops counting, in this walkthrough or elsewhere.
        live: the steps of the live version.
        now: epoch milliseconds.
    """
    connection.execute(
        _INSERT,
        {
            "id": _new_id(),
            "organization_id": row.organization_id,
            "learner_id": row.mcp_server_user_id,
            "walkthrough_id": row.walkthrough_id,
            "server_id": row.mcp_server_id,
            "version": row.version,
            "started_at": row.started_at or now,
            "completed_at": row.completed_at,
            "ended_at": now,
            "completed": json.dumps(_steps(row.completed_steps, ended, live)),
        },
    )


def count(connection: Connection, caller: Caller, walkthrough_id: str) -> int:
    """Return how many attempts the learner has ended in the walkthrough."""
    return int(connection.execute(_COUNT, _keys(caller, walkthrough_id)).scalar_one())


def delete(connection: Connection, caller: Caller, walkthrough_id: str) -> None:
    """Delete the learner's ended attempts in the walkthrough, for good."""
    connection.execute(_DELETE, _keys(caller, walkthrough_id))


def _steps(completed: Sequence[str], ended: Set[str], live: Sequence[StepRef]) -> list[str]:
    """Return each step that ends once, those of the learner's own row first, as completed.

    What a live step was elsewhere, before it moved here, is named by the live step.
    """
    own = [step_id for step_id in completed if step_id in ended]
    own += sorted(position.completed_before_move(ended, live) - set(own))
    named = set(own).union(*(step.predecessor_ids for step in live if step.id in own))
    return [*own, *sorted(ended - named)]


def _keys(caller: Caller, walkthrough_id: str) -> dict[str, str | None]:
    return {
        "organization_id": caller.organization_id,
        "learner_id": caller.learner_id,
        "walkthrough_id": walkthrough_id,
    }
