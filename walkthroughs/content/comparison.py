"""What differs between two contents of a walkthrough, as values that a page shows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from walkthroughs.content.draft import join_tags
from walkthroughs.content.values import StepContent, WalkthroughContent
from walkthroughs.content.word_diff import Budget, Piece, longest_increasing, word_diff
from walkthroughs.content.wording import count_of

_STEP_TEXTS = (
    ("title", "title"),
    ("section", "section"),
    ("text", "content"),
    ("assistant", "agent_instructions"),
    ("check", "verify"),
)

ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True, slots=True)
class TextChange:
    """A field with other words; `pieces` make the text before and the one after."""

    field: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class StepChange:
    """A step that is not what it was.

    Attributes:
        step: the author id.
        title: the new one, or the one that it had.
        kind: "added", "removed", or "changed": it is the same step.
        texts: fields with other words; of an added or a removed step, all that have some.
        is_moved: it stands elsewhere among those that are the same.
        place: counts from 1; none if it is removed.
        earlier_place: likewise; none if it is added.
        is_again: learners who have done it do it again.
    """

    step: str
    title: str
    kind: str
    texts: tuple[TextChange, ...] = ()
    is_moved: bool = False
    place: int | None = None
    earlier_place: int | None = None
    is_again: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that differs: of the details, and of the steps in their new order, removed ones last."""

    details: tuple[TextChange, ...] = ()
    steps: tuple[StepChange, ...] = ()

    @property
    def summary(self) -> str:
        """Return it in one line: 1 step added, 2 texts changed."""
        counts = [
            (count_of(self._count(ADDED), "step"), "added", self._count(ADDED)),
            (count_of(self._count(REMOVED), "step"), "removed", self._count(REMOVED)),
        ]
        same = [step for step in self.steps if step.kind == CHANGED]
        for noun, verb, number in (
            ("step", "moved", sum(step.is_moved for step in same)),
            ("text", "changed", sum(len(step.texts) for step in same)),
            ("detail", "changed", len(self.details)),
            ("step", "to do again", sum(step.is_again for step in same)),
        ):
            counts.append((count_of(number, noun), verb, number))
        return ", ".join(f"{words} {verb}" for words, verb, number in counts if number)

    @property
    def reworded(self) -> tuple[StepChange, ...]:
        """Return the steps that are the same step with other texts."""
        return tuple(step for step in self.steps if step.kind == CHANGED and step.texts)

    def as_json(self) -> dict[str, Any]:
        """Return it for a page."""
        return {**asdict(self), "summary": self.summary}

    def _count(self, kind: str) -> int:
        return sum(step.kind == kind for step in self.steps)


def compare_contents(
    old: WalkthroughContent, new: WalkthroughContent, budget: Budget | None = None
) -> Comparison:
    """Return what differs. Steps are the same step when their author ids are equal.

    If very much does, the last texts are told as replaced whole. Comparisons that are shown
    together share a *budget*.
    """
    budget = budget or Budget()
    before = {step.id: (place, step) for place, step in enumerate(old.steps, 1)}
    after = {step.id: step for step in new.steps}
    moved = _moved([before[step.id][0] for step in new.steps if step.id in before])
    changes: list[StepChange] = []
    for place, step in enumerate(new.steps, 1):
        if step.id not in before:
            texts = _texts(None, step, budget)
            changes.append(StepChange(step.id, step.title, ADDED, texts, place=place))
            continue
        earlier, was = before[step.id]
        is_moved, is_again = earlier in moved, step.revision != was.revision
        if (texts := _texts(was, step, budget)) or is_moved or is_again:
            changes.append(
                StepChange(step.id, step.title, CHANGED, texts, is_moved, place, earlier, is_again)
            )
    for earlier, was in before.values():
        if was.id not in after:
            texts = _texts(was, None, budget)
            changes.append(StepChange(was.id, was.title, REMOVED, texts, earlier_place=earlier))
    return Comparison(_details(old, new, budget), tuple(changes))


def _moved(places: Sequence[int]) -> frozenset[int]:
    """Return the earlier places of the fewest steps that have to move to reach the new order."""
    stays = {places[n] for n in longest_increasing(places)}
    return frozenset(place for place in places if place not in stays)


def _texts(
    old: StepContent | None, new: StepContent | None, budget: Budget
) -> tuple[TextChange, ...]:
    found = []
    for name, attribute in _STEP_TEXTS:
        before, after = (getattr(step, attribute, None) or "" for step in (old, new))
        if before != after:
            found.append(TextChange(name, word_diff(before, after, budget)))
    return tuple(found)


def _details(
    old: WalkthroughContent, new: WalkthroughContent, budget: Budget
) -> tuple[TextChange, ...]:
    pairs = (
        ("title", old.title, new.title),
        ("description", old.description or "", new.description or ""),
        ("minutes", str(old.estimated_minutes or ""), str(new.estimated_minutes or "")),
        ("tags", join_tags(old.tags), join_tags(new.tags)),
    )
    return tuple(
        TextChange(name, word_diff(before, after, budget))
        for name, before, after in pairs
        if before != after
    )
