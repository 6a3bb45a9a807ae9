"""Apply the rules to a learner's locked row, write it back, and show the place."""

from __future__ import annotations

import json

from sqlalchemy import Connection

from walkthroughs.enums import ProgressStatus
from walkthroughs.errors import NothingStarted
from walkthroughs.ids import now_ms
from walkthroughs.learning import moved_steps, pace
from walkthroughs.learning.answers import step_view
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import PublishedVersion
from walkthroughs.learning.place_rules import CurrentStep, Place, move
from walkthroughs.learning.position import StepRef
from walkthroughs.learning.progress_rows import (
    COUNT_HURRIED,
    UPDATE,
    read_row,
    read_steps_of_version,
)
from walkthroughs.learning.views import StepView


def apply_rules(
    connection: Connection,
    caller: Caller,
    published: PublishedVersion,
    *,
    completing: str | CurrentStep | None,
) -> StepView:
    """Apply the rules to the learner's locked row, write it back, and show the place."""
    row = read_row(connection, caller, published.ref.id, lock=True)
    if row is None:
        raise NothingStarted
    live = published.step_refs
    stored = frozenset(row.completed_steps)
    place = Place(
        row.current_step_id,
        stored | moved_steps.completed_before_move(connection, caller, live),
        row.version,
        row.status == ProgressStatus.COMPLETED,
        row.active_at,
    )
    now, version = now_ms(), published.ref.version
    moved = move(
        place,
        version,
        last_seen=read_last_seen(connection, caller, published, row.version),
        live=live,
        completing=completing,
        now=now,
        pace_seconds=caller.pace_seconds,
    )
    keys = {"organization_id": caller.organization_id, "id": row.id}
    if moved.is_hurried:
        shown_at = pace.restamped(row.active_at, now)
        connection.execute(COUNT_HURRIED, keys | {"shown_at": shown_at})
    else:
        status = ProgressStatus.COMPLETED if moved.is_finished else ProgressStatus.IN_PROGRESS
        state = {
            "current_step_id": moved.current or row.current_step_id,
            "status": status.value,
            "completed": json.dumps(sorted(moved.completed - stored)),
            "completed_at": (row.completed_at or now) if moved.is_finished else None,
            "version": version,
            "now": now,
        }
        connection.execute(UPDATE, keys | state)
    if moved.done and moved.done not in published.by_id:
        moved_steps.credit_moved_step(connection, caller, moved.done)
    return step_view(
        published,
        moved.current,
        moved.completed,
        finished=moved.is_finished,
        hurried=moved.is_hurried,
        notices=moved.notices,
    )


def read_last_seen(
    connection: Connection, caller: Caller, published: PublishedVersion, version: int
) -> tuple[StepRef, ...]:
    """Return the order of the version the learner last saw."""
    if version == published.ref.version:
        return published.step_refs
    return read_steps_of_version(connection, caller, published.ref.id, version)
