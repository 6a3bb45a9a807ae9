"""What one call does to a learner's place. Pure: the place before it in, the place after it out.

What is stored and what is only played through walk by the same function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from walkthroughs.learning import pace, position
from walkthroughs.learning.position import StepRef

NOT_CURRENT_STEP = (
    "That step is not where the learner is (it is done already, or still ahead), so nothing moved."
)


@dataclass(frozen=True, slots=True)
class CurrentStep:
    """Stands for "whatever step the learner was last shown"."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a learner was left by the last call.

    Attributes:
        step_id: the row id of the step that was last shown.
        completed: row ids of all that is completed, ever.
        version: which was last seen.
        is_finished: the walkthrough was completed once.
        shown_at: when the step was shown, in epoch milliseconds.
    """

    step_id: str
    completed: frozenset[str]
    version: int
    is_finished: bool = False
    shown_at: int = 0


@dataclass(frozen=True, slots=True)
class Moved:
    """Where the learner is now.

    Attributes:
        current: the row id; none if nothing is left.
        completed: all that is completed, with what this call completed.
        done: the step that this call completed, or would have if it had not come too soon.
        is_hurried: it came too soon, and moved nothing.
        notices: what to tell, in order; nones among them are no lines.
    """

    current: str | None
    completed: frozenset[str]
    done: str | None
    is_finished: bool
    is_hurried: bool
    notices: tuple[str | None, ...]


def move(
    place: Place,
    version: int,
    *,
    last_seen: Sequence[StepRef],
    live: Sequence[StepRef],
    completing: str | CurrentStep | None,
    now: int,
    pace_seconds: int = 0,
) -> Moved:
    """Return where a call leads.

    Args:
        place: before the call; what was completed before steps moved here is among its completed.
        version: the live one.
        last_seen: the order of the version that the learner last saw.
        live: the order of the live version.
        completing: the row id of the step that the call completes; none: it only looks.
        now: in epoch milliseconds.
        pace_seconds: how soon after it was shown a step cannot be completed yet.
    """
    completed = place.completed
    current = position.current_step(place.step_id, completed, last_seen=last_seen, live=live)
    # A learner who has finished has no current step, but the last id is kept: accept it.
    shown = {step.id for step in last_seen} & {place.step_id} | {current}
    step = place.step_id if isinstance(completing, CurrentStep) else completing
    done = step if step in shown and step not in completed else None
    # A step that vanished is not held back: the learner cannot do it any more.
    is_current = done is not None and done == current
    is_hurried = is_current and pace.is_hurried(place.shown_at, now, pace_seconds)
    if done and not is_hurried:
        completed |= {done} | position.completed_before_move({done}, live)
        # A step that vanished is history; the learner has not been shown the next one yet.
        if current and current in completed:
            current = position.next_open_step(current, completed, live)
    left = position.new_steps_notice(completed, live) if place.is_finished else None
    return Moved(
        current,
        completed,
        done,
        current is None or place.is_finished,
        is_hurried,
        (
            pace.hurried_notice(place.shown_at, now) if is_hurried else None,
            position.change_notice(last_seen, live, current, tells_added=left is None)
            if place.version != version
            else None,
            left,
            NOT_CURRENT_STEP if isinstance(completing, str) and not done else None,
        ),
    )
