"""The rules of a learner's place. Pure: orders and sets in, a place out.

Three laws, for any history of edits: a place is a live step that is not
completed, or there is none left; a completion is never lost; a completion is
never given to another step. A step that moved to another walkthrough is the
same step there if its author says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from math import inf

from walkthroughs.content.wording import count_of


@dataclass(frozen=True, slots=True)
class StepRef:
    """A step as the rules see it.

    Attributes:
        id: its row id.
        author_id: the author's id, which outlives the row.
        predecessor_ids: row ids that it had in other walkthroughs.
    """

    id: str
    author_id: str
    predecessor_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StepLineage:
    """A row that is a certain step, or was it before the step moved on.

    Attributes:
        walkthrough_id: where it is.
        left_at: when that walkthrough gave it up; none while it is live.
    """

    id: str
    walkthrough_id: str
    left_at: int | None
    predecessor_ids: frozenset[str] = frozenset()


def current_step(
    current: str,
    completed: Set[str],
    *,
    last_seen: Sequence[StepRef],
    live: Sequence[StepRef],
) -> str | None:
    """Return the row id of the step where the learner is now; none if nothing is left.

    Args:
        current: the row id the learner was last shown.
        completed: row ids the learner has completed, ever.
        last_seen: the order of the version the learner last saw, archived rows included.
        live: the order of the live version.
    """
    by_author = {step.author_id: step.id for step in live}
    open_steps = {step.id for step in live if step.id not in completed}
    for candidate in _steps_from(current, last_seen, live):
        found = candidate.id if candidate.id in open_steps else by_author.get(candidate.author_id)
        if found in open_steps:
            return found
    return next((step.id for step in live if step.id in open_steps), None)


def next_open_step(step: str, completed: Set[str], live: Sequence[StepRef]) -> str | None:
    """Return the first uncompleted live step after *step*, else the first at all, else none."""
    order = [step.id for step in live]
    at = order.index(step) + 1 if step in order else 0
    onward = [*order[at:], *order[:at]]
    return next((name for name in onward if name not in completed), None)


def completed_before_move(completed: Set[str], live: Iterable[StepRef]) -> frozenset[str]:
    """Return the live steps that were *completed* in another walkthrough, before they moved."""
    return frozenset(step.id for step in live if step.predecessor_ids & completed)


def completions_to_remove(
    walkthrough_id: str, completed: Set[str], holders: Iterable[StepLineage]
) -> frozenset[str]:
    """Return which completions go when a learner starts the walkthrough over: its own steps'.

    A step belongs to the walkthrough that has it, or had it last. So what moved
    here goes, wherever it was completed; what moved away stays.
    """
    own: dict[str, float] = {}
    others: dict[str, float] = {}
    for holder in holders:
        until = inf if holder.left_at is None else holder.left_at
        latest = own if holder.walkthrough_id == walkthrough_id else others
        for name in {holder.id, *holder.predecessor_ids} & completed:
            latest[name] = max(until, latest.get(name, until))
    return frozenset(name for name, until in own.items() if until >= others.get(name, until))


def percent_of(done: int, total: int) -> int:
    """Return whole percent, rounded down: 100 only when nothing is left. Of no steps it is 0."""
    return 100 * done // total if total else 0


def _steps_from(
    current: str, last_seen: Sequence[StepRef], live: Sequence[StepRef]
) -> Sequence[StepRef]:
    """Return the steps from *current* on, as the learner knew them.

    A step that is still live is followed in the live order, so that a step put
    in right behind it is not skipped; a vanished one in the order last seen.
    """
    for order in (live, last_seen):
        for index, step in enumerate(order):
            if step.id == current:
                return order[index:]
    return ()


def change_notice(
    last_seen: Sequence[StepRef],
    live: Sequence[StepRef],
    current_id: str | None,
    *,
    tells_added: bool = True,
) -> str | None:
    """Return one line on what changed between the two orders; none if no step did.

    Counts are net, so a change and its revert give no notice. Changed texts give none either.
    Added steps are left out where `new_steps_notice` tells of them.
    """
    known = {step.author_id: step.id for step in last_seen}
    now_live = {step.author_id: step.id for step in live}
    added = [step for step in live if step.author_id not in known]
    removed = len(known.keys() - now_live.keys())
    redone = sum(1 for name, row in now_live.items() if known.get(name, row) != row)
    reordered = [n for n in known if n in now_live] != [n for n in now_live if n in known]
    parts = [
        *(
            [f"{count_of(len(added), 'step')} added{_direction(added, live, current_id)}"]
            if added and tells_added
            else []
        ),
        *([f"{count_of(removed, 'step')} removed"] if removed else []),
        *([f"{count_of(redone, 'step')} to do again"] if redone else []),
        *(["steps reordered"] if reordered else []),
    ]
    return f"Changed since you were here: {', '.join(parts)}." if parts else None


def new_steps_notice(completed: Set[str], live: Sequence[StepRef]) -> str | None:
    """Return the line for someone who had finished and finds steps not done; none if all are."""
    left = sum(1 for step in live if step.id not in completed)
    return f"{count_of(left, 'new step')} since you finished." if left else None


def _direction(added: Sequence[StepRef], live: Sequence[StepRef], current_id: str | None) -> str:
    order = [step.id for step in live]
    if current_id not in order:
        return ""
    at = order.index(current_id)
    spots = {(order.index(step.id) > at) - (order.index(step.id) < at) for step in added}
    if spots == {-1}:
        return " before this one"
    return " after this one" if spots == {1} else ""
