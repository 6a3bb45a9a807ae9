"""What changed between two contents, and what that asks of learners. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from walkthroughs.content.values import Outline, StepOutline
from walkthroughs.content.wording import count_of


class Level(StrEnum):
    """How far a change reaches."""

    #: Nothing to redo, no notice: the next read shows the new text.
    TEXT = "text"
    #: The list of steps changed: places are found again, with a one-line notice.
    STRUCTURE = "structure"
    #: An author asks for a step to be done again.
    REDO = "redo"


@dataclass(frozen=True, slots=True)
class Revision:
    """The difference of two contents. No level: there is no visible one."""

    level: Level | None
    summary: str


def compare(old: Outline | None, new: Outline) -> Revision:
    """Say what *new* changes over *old* (none: there was nothing before).

    Steps are the same step when their ids are equal, or when `new.moved` says
    that the id was renamed; never by position or text.
    """
    if old is None:
        return Revision(Level.STRUCTURE, f"First version, {count_of(len(new.steps), 'step')}.")
    if old.digest == new.digest:
        return Revision(None, "Nothing changed.")
    now = current_ids(new)
    before = {now(step.id): step for step in old.steps}
    after = {step.id: step for step in new.steps}
    added = [step for step in new.steps if step.id not in before]
    removed = [step for name, step in before.items() if name not in after]
    redone = [s for s in new.steps if s.id in before and s.revision != before[s.id].revision]
    kept_before = [name for name in before if name in after]
    kept_after = [step.id for step in new.steps if step.id in before]
    moved = kept_before != kept_after
    regrouped = any(after[name].section != before[name].section for name in kept_after)
    parts = [
        *_named("added", added),
        *_named("removed", removed),
        *(["steps reordered"] if moved else []),
        *(["sections changed"] if regrouped and not moved else []),
        *_named("to do again", redone),
    ]
    if redone:
        level = Level.REDO
    elif parts:
        level = Level.STRUCTURE
    else:
        level, parts = Level.TEXT, ["text changed"]
    return Revision(level, _sentence(parts))


def current_ids(content: Outline) -> Callable[[str], str]:
    """Return what says the id that a step has in *content*, along its record of renamed ids.

    What came from another walkthrough is a new step here. The parser refuses
    cycles; should one get here, each id is followed once.
    """
    renamed = {move.old: move.new for move in content.moved if move.walkthrough is None}
    current = {step.id for step in content.steps}

    def current_id(step_id: str) -> str:
        seen = {step_id}
        name = step_id
        while name not in current and (later := renamed.get(name)) and later not in seen:
            name = later
            seen.add(name)
        return name if name in current else step_id

    return current_id


def _named(verb: str, steps: Iterable[StepOutline]) -> list[str]:
    titles = [step.title for step in steps]
    if not titles:
        return []
    if len(titles) == 1:
        return [f'1 step {verb} ("{titles[0]}")']
    return [f"{count_of(len(titles), 'step')} {verb}"]


def _sentence(parts: list[str]) -> str:
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}."
