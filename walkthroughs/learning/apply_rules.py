"""Apply the rules to a learner's locked row, write it back, and show the place."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import Connection

from walkthroughs.enums import ProgressStatus
from walkthroughs.errors import NothingStarted
from walkthroughs.ids import now_ms
from walkthroughs.learning import moved_steps, pace, position
from walkthroughs.learning.answers import step_view
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import PublishedVersion
from walkthroughs.learning.position import StepRef
from walkthroughs.learning.progress_rows import (
    COUNT_HURRIED,
    UPDATE,
    read_row,
    read_steps_of_version,
)
from walkthroughs.learning.views import StepView

_NOT_CURRENT_STEP = (
    "That step is not where the learner is (it is done already, or still ahead), so nothing moved."
)


@dataclass(frozen=True, slots=True)
class CurrentStep:
    """Stands for "whatever step the learner was last shown"."""


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
    stored = set(row.completed_steps)
    completed = stored | moved_steps.completed_before_move(connection, caller, live)
    last_seen = read_last_seen(connection, caller, published, row.version)
    current = position.current_step(row.current_step_id, completed, last_seen=last_seen, live=live)
    # A learner who has finished has no current step, but the row keeps the last id: accept it.
    shown = {step.id for step in last_seen} & {row.current_step_id} | {current}
    step = row.current_step_id if isinstance(completing, CurrentStep) else completing
    done = step if step in shown and step not in completed else None
    now = now_ms()
    # A step that vanished is not held back: the learner cannot do it any more.
    is_current = done is not None and done == current
    hurried = is_current and pace.is_hurried(row.active_at, now, caller.pace_seconds)
    if done and not hurried:
        completed |= {done} | position.completed_before_move({done}, live)
        # A step that vanished is history; the learner has not been shown the next one yet.
        current = (
            position.next_open_step(current, completed, live)
            if current and current in completed
            else current
        )
    finished = current is None or row.status == ProgressStatus.COMPLETED
    keys = {"organization_id": caller.organization_id, "id": row.id}
    if hurried:
        shown_at = pace.restamped(row.active_at, now)
        connection.execute(COUNT_HURRIED, keys | {"shown_at": shown_at})
    else:
        state = {
            "current_step_id": current or row.current_step_id,
            "status": (ProgressStatus.COMPLETED if finished else ProgressStatus.IN_PROGRESS).value,
            "completed": json.dumps(sorted(completed - stored)),
            "completed_at": (row.completed_at or now) if finished else None,
            "version": published.ref.version,
            "now": now,
        }
        connection.execute(UPDATE, keys | state)
    if done and done not in published.by_id:
        moved_steps.credit_moved_step(connection, caller, done)
    left = (
        position.new_steps_notice(completed, live)
        if row.status == ProgressStatus.COMPLETED
        else None
    )
    notices = (
        pace.hurried_notice(row.active_at, now) if hurried else None,
        position.change_notice(last_seen, live, current, tells_added=left is None)
        if row.version != published.ref.version
        else None,
        left,
        _NOT_CURRENT_STEP if isinstance(completing, str) and not done else None,
    )
    return step_view(
        published, current, completed, finished=finished, hurried=hurried, notices=notices
    )


def read_last_seen(
    connection: Connection, caller: Caller, published: PublishedVersion, version: int
) -> tuple[StepRef, ...]:
    """Return the order of the version the learner last saw."""
    if version == published.ref.version:
        return published.step_refs
    return read_steps_of_version(connection, caller, published.ref.id, version)
