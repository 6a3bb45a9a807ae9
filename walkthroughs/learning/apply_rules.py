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
from walkthroughs.learning.progress_rows import COUNT_HURRIED, UPDATE, read_row, read_seen
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
    edition: PublishedVersion,
    *,
    completing: str | CurrentStep | None,
) -> StepView:
    """Apply the rules to the learner's locked row, write it back, and show the place."""
    row = read_row(connection, caller, edition.ref.id, lock=True)
    if row is None:
        raise NothingStarted
    live = edition.step_refs
    kept = set(row.completed_steps)
    completed = kept | moved_steps.completed_before_move(connection, caller, live)
    seen = read_seen(connection, caller, edition, row.version)
    here = position.current_step(row.current_step_id, completed, seen=seen, live=live)
    # A learner who has finished has no current step, but the row keeps the last id: accept it.
    shown = {stop.id for stop in seen} & {row.current_step_id} | {here}
    step = row.current_step_id if isinstance(completing, CurrentStep) else completing
    done = step if step in shown and step not in completed else None
    now = now_ms()
    # A step that vanished is not held back: the learner cannot do it any more.
    is_current = done is not None and done == here
    hurried = is_current and pace.is_hurried(row.active_at, now, caller.pace_seconds)
    if done and not hurried:
        completed |= {done} | position.completed_before_move({done}, live)
        # A step that vanished is history; the learner has not been shown the next one yet.
        here = (
            position.next_open_step(here, completed, live) if here and here in completed else here
        )
    finished = here is None or row.status == ProgressStatus.COMPLETED
    keys = {"organization_id": caller.organization_id, "id": row.id}
    if hurried:
        shown_at = pace.restamped(row.active_at, now)
        connection.execute(COUNT_HURRIED, keys | {"shown_at": shown_at})
    else:
        state = {
            "current_step_id": here or row.current_step_id,
            "status": (ProgressStatus.COMPLETED if finished else ProgressStatus.IN_PROGRESS).value,
            "completed": json.dumps(sorted(completed - kept)),
            "completed_at": (row.completed_at or now) if finished else None,
            "version": edition.ref.version,
            "now": now,
        }
        connection.execute(UPDATE, keys | state)
    if done and done not in edition.by_id:
        moved_steps.credit_moved_step(connection, caller, done)
    notices = (
        pace.hurried_notice(row.active_at, now) if hurried else None,
        position.change_notice(seen, live, here) if row.version != edition.ref.version else None,
        position.new_steps_notice(completed, live)
        if row.status == ProgressStatus.COMPLETED
        else None,
        _NOT_CURRENT_STEP if isinstance(completing, str) and not done else None,
    )
    return step_view(edition, here, completed, finished=finished, hurried=hurried, notices=notices)
