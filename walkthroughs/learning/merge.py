"""Two learners' places in one walkthrough become one. Pure: places in, a place out.

What holds for every pair of places:

- Nothing that one of the two completed is lost, and nothing is completed that neither did.
- The place is the further one: the one whose step stands later in the live order, or at the end if
  nothing is left. Where a learner is, is what `position.current_step` says for the version that
  they last saw, so steps that were moved, removed or are to be done again count as they would at
  the next call. Of two equal places the one that was used last counts.
- If the other learner has completed the step of that place, the place is the next open one behind
  it. Only if all behind it is done is it an earlier one, as for anyone who skipped a step.
- Who has finished has finished. A walkthrough that one of the two began again has the completions
  of the other one; earlier attempts are history, and none of their completions counts again.
- A walkthrough that was not started, or was reset, is no place; completions in it are kept.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from walkthroughs.enums import ProgressStatus
from walkthroughs.learning.position import (
    StepRef,
    completed_before_move,
    current_step,
    next_open_step,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A learner's row in a walkthrough.

    Attributes:
        current: the row id of the step that they were last shown.
        completed: row ids in the order of their completion.
        counted: these, and the live steps that they completed before those moved here.
        version: the version that they last saw.
        last_seen: its steps, in order.
        server_id: where the attempt began; none if that server is deleted.
    """

    current: str
    status: ProgressStatus
    completed: tuple[str, ...]
    counted: frozenset[str]
    version: int
    last_seen: tuple[StepRef, ...]
    server_id: str | None
    started_at: int | None
    completed_at: int | None
    active_at: int
    hurried_calls: int


def merge_places(
    places: Sequence[Place], anywhere: Set[str], live: Sequence[StepRef], now: int
) -> Place:
    """Return the place of who had these *places* in one walkthrough: one or two.

    Args:
        places: where they are; that of the learner who stays is first.
        anywhere: all that the two have completed, in any walkthrough.
        live: the steps of the live version.
        now: epoch milliseconds.
    """
    started = [each for each in places if each.status is not ProgressStatus.NOT_STARTED]
    further = max(started or places, key=lambda each: (place_index(each, live), each.active_at))
    completed = _union([*(each.completed for each in places if each is not further)], further)
    merged = replace(
        further,
        completed=completed,
        counted=frozenset(completed),
        active_at=max(each.active_at for each in places),
        hurried_calls=sum(each.hurried_calls for each in places),
    )
    if not started:
        return merged
    moved_here = completed_before_move(anywhere, live)
    counted = frozenset(completed) | moved_here
    current = _open_from(place_index(further, live), counted, live)
    is_finished = any(each.status is ProgressStatus.COMPLETED for each in started) or (
        bool(live) and current is None
    )
    return replace(
        merged,
        # A row always names a step; with nothing left, the last one that was shown.
        current=current or further.current,
        status=ProgressStatus.COMPLETED if is_finished else ProgressStatus.IN_PROGRESS,
        completed=(*completed, *sorted(moved_here - set(completed))),
        counted=counted,
        started_at=_earliest([each.started_at for each in started]),
        completed_at=(_earliest([each.completed_at for each in started]) or now)
        if is_finished
        else None,
    )


def place_index(place: Place, live: Sequence[StepRef]) -> int:
    """Return the index of the learner's step in the *live* order; behind it if nothing is left."""
    step = current_step(place.current, place.counted, last_seen=place.last_seen, live=live)
    order = [each.id for each in live]
    return len(order) if step is None else order.index(step)


def _open_from(index: int, counted: Set[str], live: Sequence[StepRef]) -> str | None:
    if index >= len(live):
        return next((step.id for step in live if step.id not in counted), None)
    step = live[index].id
    return next_open_step(step, counted, live) if step in counted else step


def _union(others: Sequence[tuple[str, ...]], further: Place) -> tuple[str, ...]:
    """Return all completions once; those of *further* are last, and in their own order."""
    own = set(further.completed)
    before = dict.fromkeys(step for completed in others for step in completed if step not in own)
    return (*before, *dict.fromkeys(further.completed))


def _earliest(times: Sequence[int | None]) -> int | None:
    return min((each for each in times if each is not None), default=None)
