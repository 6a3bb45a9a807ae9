"""Steps that an author probably renamed without a record. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sync.planning.impact import moved_away
from sync.planning.plan import Change, Update, first_lines
from walkthroughs.content.revision import current_ids
from walkthroughs.content.values import Outline, StepOutline


def probable_renames(changes: Iterable[Change]) -> tuple[str, ...]:
    """Return a line for each step that goes as another comes that looks like it.

    Learners' completions do not follow without a record, so it says which line to add.
    """
    changes = tuple(changes)
    taken = moved_away(changes)
    return first_lines(
        f"'{old}' goes and '{new}' comes in '{change.wanted.outline.id}'; if it is the same step, "
        f"keep learners' completions with this line under `moved:`: "
        f"- {{from: {old}, to: {new}}}"
        for change in changes
        if isinstance(change, Update)
        for old, new in _pairs(change.live.outline, change.wanted.outline)
        if (change.live.outline.id, old) not in taken
    )


def _pairs(old: Outline, new: Outline) -> Iterator[tuple[str, str]]:
    """Yield the ids, before and after, of steps with one title or one place."""
    now = current_ids(new)
    kept = {now(step.id) for step in old.steps} & {step.id for step in new.steps}
    gone = _places(old.steps, {step.id for step in old.steps if now(step.id) in kept})
    come = _places(new.steps, kept | {move.new for move in new.moved})
    for step, place in gone.items():
        alike = [each for each in come if each.title.casefold() == step.title.casefold()]
        alike = alike or [each for each, there in come.items() if there == place and all(place)]
        if len(alike) == 1:
            del come[alike[0]]
            yield step.id, alike[0].id


def _places(steps: tuple[StepOutline, ...], kept: set[str]) -> dict[StepOutline, tuple[str, str]]:
    """Return the steps that are not *kept*, and between which neighbours each stood alone."""
    ids = ["^", *(step.id if step.id in kept else "" for step in steps), "$"]
    return {step: (ids[at], ids[at + 2]) for at, step in enumerate(steps) if step.id not in kept}
