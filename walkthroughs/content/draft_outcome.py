"""What became of a writer's request, as values and as the JSON that the dashboard gets. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from walkthroughs.content.draft import Details, Draft, DraftStep

_NAMES = {
    "text": "the text", "assistant": "the assistant's part", "check": "the check",
    "title": "the title", "section": "the section", "revision": "the choice who does it again",
    "description": "the description", "minutes": "the minutes", "tags": "the tags",
}  # fmt: skip
#: Sentences of one kind in one answer.
_MAX_SENTENCES = 20


@dataclass(frozen=True, slots=True)
class Conflict:
    """A change that was not made, since somebody else changed the same meanwhile.

    Attributes:
        step: the author id; none: the details.
        field: one of the draft's, or "step" if all of it is deleted on one side.
        mine: what the writer sent; none: they delete it.
        theirs: what is there; none: it is deleted.
        by: who wrote that.
    """

    step: str | None
    field: str
    mine: str | None
    theirs: str | None
    by: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A text that was replaced though its writer might want it: it becomes a kept copy.

    Attributes:
        reason: "conflict" or "window".
        by: who wrote it.
    """

    step: str | None
    field: str
    text: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A field whose text is not what was sent: it was cleaned, or taken apart."""

    step: str | None
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Applied:
    """A draft after a request.

    Attributes:
        merged: what others changed since the writer looked, a sentence each.
        notices: what was done with what the writer sent.
        touched: steps that the request names; none among them: the details.
    """

    draft: Draft
    conflicts: tuple[Conflict, ...] = ()
    merged: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    kept: tuple[Kept, ...] = ()
    stored: tuple[Stored, ...] = ()
    touched: frozenset[str | None] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """Return what a client is told, without the kept copies' texts."""
        return {
            "revision": self.draft.revision,
            "merged": list(self.merged),
            "conflicts": [asdict(each) for each in self.conflicts],
            "notices": list(self.notices),
            "stored": [asdict(each) for each in self.stored],
            "checked": sorted(self.touched, key=lambda step: step or ""),
        }


def step_name(step: DraftStep | None) -> str:
    """Return a step's title between quotes."""
    return f"“{step.title[:80]}”" if step is not None and step.title.strip() else "a step"


def field_name(name: str, step: DraftStep | Details | None) -> str:
    """Return a field's name in a sentence: the text of “Set a budget”."""
    of = f" of {step_name(step)}" if isinstance(step, DraftStep) else ""
    return f"{_NAMES.get(name, name)}{of}"


def sentences(each: Iterable[str]) -> tuple[str, ...]:
    """Return different sentences once, and how many there are beyond the first ones."""
    told = tuple(dict.fromkeys(each))
    if len(told) <= _MAX_SENTENCES:
        return told
    return (*told[:_MAX_SENTENCES], f"And {len(told) - _MAX_SENTENCES} more changes.")
