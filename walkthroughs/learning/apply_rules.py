"""Apply the rules to a learner's locked row, write it back, and show the place."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Row

from walkthroughs.enums import EventKind, ProgressStatus
from walkthroughs.errors import NothingStarted
from walkthroughs.events.record import Event, record
from walkthroughs.ids import now_ms
from walkthroughs.learning import moved_steps, pace
from walkthroughs.learning.answers import step_view
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import PublishedVersion
from walkthroughs.learning.place_rules import CurrentStep, Moved, Place, move
from walkthroughs.learning.position import StepRef
from walkthroughs.learning.progress_rows import (
    COUNT_HURRIED,
    LAST_BEFORE,
    UPDATE,
    read_row,
    read_steps_of_version,
    row_keys,
)
from walkthroughs.learning.views import StepView


def apply_rules(
    connection: Connection,
    caller: Caller,
    published: PublishedVersion,
    *,
    completing: str | CurrentStep | None,
    opened: EventKind | None = None,
) -> StepView:
    """Apply the rules to the learner's locked row, write it back, and show the place.

    What changed is recorded: that a step was completed or hurried, that nothing is left for the
    first time, and how the walkthrough was *opened*, if it was.
    """
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
            "step_ms": max(0, now - row.active_at) if moved.done else None,
        }
        connection.execute(UPDATE, keys | state)
    _record(connection, caller, row, moved, version, now, opened)
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


def _record(
    connection: Connection,
    caller: Caller,
    row: Row[Any],
    moved: Moved,
    version: int,
    now: int,
    opened: EventKind | None,
) -> None:
    """Record what a call changed; nothing if it only looked."""
    keys = row_keys(caller) | {"walkthrough_id": row.walkthrough_id}
    run = row.started_at
    found: list[Event] = []
    if opened is not None:
        before = None
        if opened is EventKind.STARTED:
            before = connection.execute(LAST_BEFORE, keys | {"now": now}).scalar()
        found.append(
            Event(
                opened,
                version,
                next_step_id=moved.current,
                run_started_at=run,
                from_walkthrough_id=before,
            )
        )
    if moved.is_hurried:
        found.append(Event(EventKind.HURRIED, version, moved.done, None, run))
    elif moved.done is not None:
        took = max(0, now - row.active_at)
        found.append(Event(EventKind.STEP, version, moved.done, moved.current, run, took))
    if moved.is_finished and row.status != ProgressStatus.COMPLETED:
        found.append(Event(EventKind.COMPLETED, version, run_started_at=run))
    record(connection, keys, *found)


def read_last_seen(
    connection: Connection, caller: Caller, published: PublishedVersion, version: int
) -> tuple[StepRef, ...]:
    """Return the order of the version the learner last saw."""
    if version == published.ref.version:
        return published.step_refs
    return read_steps_of_version(connection, caller, published.ref.id, version)
