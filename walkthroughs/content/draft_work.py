"""A draft in the middle of a request: its texts, its marks, and what is noted on the way. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from walkthroughs.content.draft import (
    STEP_FIELDS,
    Draft,
    DraftStep,
    Mark,
    mark_key,
)
from walkthroughs.content.draft_changes import Request
from walkthroughs.content.draft_outcome import (
    Applied,
    Conflict,
    Kept,
    Stored,
    field_name,
    sentences,
    step_name,
)
from walkthroughs.content.json_shape import check_size
from walkthroughs.content.separate import normalized

#: Fields in which a line may end.
_LONG = frozenset({"text", "assistant", "check", "description", "tags"})
#: What marks of a step are for, beside its fields.
PLACE, GONE = "place", "gone"


class Work:
    """Changes a draft one text at a time, and notes who did.

    One text costs the same in a draft of any length.

    Attributes:
        by: the member who asks.
    """

    def __init__(self, draft: Draft, request: Request, by: str) -> None:
        self.by = by
        self.conflicts: list[Conflict] = []
        self.notices: list[str] = []
        self.touched: set[str | None] = set()
        self._before, self._request = draft, request
        self._details = draft.details
        self._steps = {step.id: step for step in draft.steps}
        self._order = list(self._steps)
        self._marks = dict(draft.marks)
        self._kept: list[Kept] = []
        self._stored: list[Stored] = []

    @property
    def steps(self) -> tuple[DraftStep, ...]:
        """Return the steps in order."""
        return tuple(self._steps[name] for name in self._order)

    def step(self, step_id: str) -> DraftStep | None:
        """Return a step; none if there is none."""
        return self._steps.get(step_id)

    def text(self, step: str | None, name: str) -> str | None:
        """Return what a field holds; none if there is no such step."""
        owner = self._details if step is None else self.step(step)
        return None if owner is None else str(getattr(owner, name))

    def mark(self, step: str | None, name: str) -> Mark | None:
        """Return who wrote a field last, since the draft was begun."""
        return self._marks.get(mark_key(step, name))

    def write(
        self, step: str | None, name: str, value: str, before: str = "", sent: str = ""
    ) -> None:
        """Put a text into a field of a step that is there, or of the details."""
        check_size(name, value)
        if self.text(step, name) == value:
            return
        if step is None:
            self._details = replace(self._details, **{name: value})
        else:
            self._steps[step] = replace(self._steps[step], **{name: value})
        self._set_mark(step, name, before, sent)

    def place(self, step: DraftStep, after: str | None) -> None:
        """Put a step behind another, or at the beginning."""
        self._marks.pop(mark_key(step.id, GONE), None)
        if after == step.id:
            return  # what it should stand behind is gone, and it stands there already
        was = list(self._order)
        if step.id in self._steps:
            self._order.remove(step.id)
        self._order.insert(self._order.index(after) + 1 if after else 0, step.id)
        self._steps[step.id] = step
        if self._order != was:
            self._set_mark(step.id, PLACE)

    def remove(self, step: DraftStep) -> None:
        """Take a step out, and remember what it stood behind."""
        at = self._order.index(step.id)
        before = self._order[at - 1] if at else ""
        for name in (*STEP_FIELDS, PLACE):
            self._marks.pop(mark_key(step.id, name), None)
        del self._steps[step.id], self._order[at]
        self._set_mark(step.id, GONE, before)

    def anchor(self, after: str | None) -> str | None:
        """Return the step to put another behind: the one named, or what stood before it."""
        seen: set[str] = set()
        while after and after not in self._steps and after not in seen:
            seen.add(after)
            gone = self.mark(after, GONE)
            if gone is None:  # nobody knows where it was
                return self._order[-1] if self._order else None
            after = gone.before
        return after or None

    def refuse(
        self, step: str | None, name: str, mine: str | None, theirs: str | None, by: str = ""
    ) -> None:
        """Note that a change is not made; *by* if the field's mark does not tell whose text it is.

        A step that is deleted has the mark of who did.
        """
        mark = self.mark(step, GONE if theirs is None else name) or self.mark(step, PLACE)
        by = by or (mark.by if mark else "")
        self.conflicts.append(Conflict(step, name, mine, theirs, by))

    def keep(self, step: str | None, name: str, text: str, reason: str) -> None:
        """Note that a text, which is replaced, becomes a kept copy."""
        mark = self.mark(step, name)
        self.keep_own(step, name, text, reason, mark.by if mark else "")

    def keep_own(self, step: str | None, name: str, text: str, reason: str, by: str) -> None:
        """Note that a text of *by* becomes a kept copy."""
        if text.strip():
            self._kept.append(Kept(step, name, text, reason, by))

    def tell_stored(self, step: str | None, name: str, sent: str) -> None:
        """Note what a field holds if that is not what was sent."""
        there = self.text(step, name)
        if there is not None and there != sent:
            self._stored.append(Stored(step, name, there))

    def changed_by_others(self, step: DraftStep, names: Iterable[str]) -> Mark | None:
        """Return the mark of what somebody else changed of a step since the writer looked."""
        marks = (self.mark(step.id, name) for name in names)
        return next((mark for mark in marks if mark and self._is_new(mark)), None)

    def outcome(self, draft: Draft) -> Applied:
        """Return what became of the request; *draft* is what to store."""
        return Applied(
            draft,
            tuple(self.conflicts),
            self._merged(),
            sentences(self.notices),
            tuple(self._kept),
            tuple(self._stored),
            frozenset(self.touched),
        )

    def finished(self) -> Draft:
        """Return the draft with its marks; its revision grew if something is written otherwise."""
        draft = replace(self._before, details=self._details, steps=self.steps)
        if draft.is_written_as(self._before):
            return self._before
        return replace(draft, marks=self._marks, revision=draft.revision + 1)

    def _set_mark(self, step: str | None, name: str, before: str = "", sent: str = "") -> None:
        mark = Mark(self._before.revision + 1, self.by, before, sent, self._request.client)
        self._marks[mark_key(step, name)] = mark

    def _is_new(self, mark: Mark) -> bool:
        return mark.revision > self._request.base and mark.by != self.by

    def _merged(self) -> tuple[str, ...]:
        """Say what others changed since the writer looked, and that is no conflict."""
        told = {mark_key(each.step, each.field) for each in self.conflicts}
        return sentences(
            f"{mark.by} {deed(self._before, key)}."
            for key, mark in self._before.marks.items()
            if self._is_new(mark) and key not in told
        )


def deed(draft: Draft, key: str) -> str:
    """Return what somebody did, whose mark has *key*: changed the text of “Set a budget”."""
    step_id, _, name = key.partition(".")
    step = draft.step(step_id) if step_id else None
    if name == GONE:
        return "deleted a step"
    if name == PLACE:
        return f"moved or added {step_name(step)}"
    return f"changed {field_name(name, step)}"


def clean(name: str, value: str) -> str:
    """Return a text as a field holds it; blanks stay, since somebody may go on typing."""
    text = normalized(value)
    return text if name in _LONG else text.replace("\n", " ")
