"""Give a learner the progress of another one, by the rule of `merge`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from walkthroughs.enums import ProgressStatus
from walkthroughs.learning.merge import Place, merge_places
from walkthroughs.learning.position import StepRef, completed_before_move

_Orders = dict[tuple[str, int], tuple[StepRef, ...]]

# Rows of both in one order: a step call locks one, and what follows a moved step the others.
_LOCK_ROWS = text(
    """
    SELECT * FROM walkthrough_progress
     WHERE organization_id = :organization_id AND mcp_server_user_id IN (:gone, :kept)
     ORDER BY id FOR UPDATE
    """
)
# The live order of each walkthrough, and those that the two last saw.
_ORDERS = text(
    """
    SELECT v.walkthrough_id, v.number, w.version, s.id, s.external_id, s.predecessor_ids
      FROM walkthroughs w
      JOIN walkthrough_versions v
        ON v.organization_id = w.organization_id AND v.walkthrough_id = w.id,
           jsonb_array_elements_text(v.step_ids) WITH ORDINALITY AS o(id, place)
      JOIN walkthrough_steps s ON s.id = o.id
     WHERE w.organization_id = :organization_id AND s.organization_id = :organization_id
       AND w.id = ANY(:walkthrough_ids)
       AND (v.number = w.version OR EXISTS (
         SELECT FROM walkthrough_progress p
          WHERE p.organization_id = :organization_id
            AND p.mcp_server_user_id IN (:gone, :kept)
            AND p.walkthrough_id = w.id AND p.version = v.number))
     ORDER BY v.walkthrough_id, v.number, o.place
    """
)
_DELETE = text(
    "DELETE FROM walkthrough_progress WHERE organization_id = :organization_id AND id = :id"
)
_WRITE = text(
    """
    UPDATE walkthrough_progress
       SET mcp_server_user_id = :kept, mcp_server_id = :server_id, current_step_id = :current,
           status = CAST(:status AS walkthrough_status), version = :version,
           completed_steps = CAST(:completed AS jsonb), started_at = :started_at,
           completed_at = :completed_at, active_at = :active_at, hurried_calls = :hurried_calls
     WHERE organization_id = :organization_id AND id = :id
    """
)


def merge_progress(
    connection: Connection, organization_id: str, gone: str, kept: str, now: int
) -> int:
    """Give the learner *kept* all places of *gone*; return in how many walkthroughs both had one.

    The caller has locked both learners, so that neither starts a walkthrough meanwhile. Steps that
    are on the way are waited for, and count.
    """
    keys = {"organization_id": organization_id, "gone": gone, "kept": kept}
    rows = connection.execute(_LOCK_ROWS, keys).all()
    by_walkthrough: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda each: each.mcp_server_user_id != kept):
        by_walkthrough[row.walkthrough_id].append(row)
    orders, live = _read_orders(connection, keys, list(by_walkthrough))
    done = {learner: _completed(rows, learner) for learner in (gone, kept)}
    for walkthrough_id, own in by_walkthrough.items():
        order = live.get(walkthrough_id, ())
        places = [_place(row, orders, order, done[row.mcp_server_user_id]) for row in own]
        merged = merge_places(places, done[gone] | done[kept], order, now)
        for row in own[1:]:
            connection.execute(_DELETE, {"organization_id": organization_id, "id": row.id})
        connection.execute(_WRITE, keys | {"id": own[0].id} | _columns(merged))
    return sum(len(own) > 1 for own in by_walkthrough.values())


def _completed(rows: Iterable[Row[Any]], learner_id: str) -> frozenset[str]:
    own = (row.completed_steps for row in rows if row.mcp_server_user_id == learner_id)
    return frozenset(step for completed in own for step in completed)


def _read_orders(
    connection: Connection, keys: dict[str, str], walkthrough_ids: list[str]
) -> tuple[_Orders, dict[str, tuple[StepRef, ...]]]:
    """Return the steps of each version that matters, and those of the live one by walkthrough."""
    found: dict[tuple[str, int], list[StepRef]] = defaultdict(list)
    live_number: dict[str, int] = {}
    for row in connection.execute(_ORDERS, keys | {"walkthrough_ids": walkthrough_ids}):
        step = StepRef(row.id, row.external_id, frozenset(row.predecessor_ids))
        found[row.walkthrough_id, row.number].append(step)
        live_number[row.walkthrough_id] = row.version
    orders = {key: tuple(steps) for key, steps in found.items()}
    return orders, {id: orders.get((id, number), ()) for id, number in live_number.items()}


def _place(row: Row[Any], orders: _Orders, live: Sequence[StepRef], done: frozenset[str]) -> Place:
    return Place(
        current=row.current_step_id,
        status=ProgressStatus(row.status),
        completed=tuple(row.completed_steps),
        counted=frozenset(row.completed_steps) | completed_before_move(done, live),
        version=row.version,
        last_seen=orders.get((row.walkthrough_id, row.version), ()),
        server_id=row.mcp_server_id,
        started_at=row.started_at,
        completed_at=row.completed_at,
        active_at=row.active_at,
        hurried_calls=row.hurried_calls,
    )


def _columns(place: Place) -> dict[str, Any]:
    return {
        "server_id": place.server_id,
        "current": place.current,
        "status": place.status.value,
        "version": place.version,
        "completed": json.dumps(place.completed),
        "started_at": place.started_at,
        "completed_at": place.completed_at,
        "active_at": place.active_at,
        "hurried_calls": place.hurried_calls,
    }
