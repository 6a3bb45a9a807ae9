"""Apply what a writer asks for to a draft that others write too. Pure.

Changes of different steps or fields merge. The same text, changed from another text than the one
that is there, is a conflict: it stays as it is, and the writer is given both.
"""

from __future__ import annotations

from dataclasses import replace

from walkthroughs.content.draft import STEP_FIELDS, AppliedRequest, Draft, DraftStep, short_hash
from walkthroughs.content.draft_changes import (
    AddStep,
    Change,
    DeleteStep,
    Drop,
    MoveStep,
    RenameSection,
    Request,
    SetField,
)
from walkthroughs.content.draft_json import MAX_REQUESTS
from walkthroughs.content.draft_outcome import Applied
from walkthroughs.content.draft_work import PLACE, Work, clean
from walkthroughs.content.limits import MAX_STEPS
from walkthroughs.content.separate import Separated, separate, with_part
from walkthroughs.errors import DraftRefused

_TEXTS = ("title", "text", "assistant", "check")


def apply(draft: Draft, request: Request, by: str) -> Applied:
    """Return *draft* with the changes of *request*, and what the writer should be told.

    A request that was applied is not applied again. Its changes that met another
    text then are told as conflicts again, and still not made.

    Args:
        draft: as it is stored.
        request: what to change.
        by: the member who asks.

    Raises:
        DraftRefused: a text or the list of steps would be too long; nothing is changed.
    """
    work = Work(draft, request, by)
    done = next((each for each in draft.requests if each.id == request.id), None)
    if done is not None:
        for place in done.refused:
            if place < len(request.changes):
                _tell_again(work, request.changes[place])
        return work.outcome(draft)
    refused = []
    for place, change in enumerate(request.changes):
        before = len(work.conflicts)
        _make(work, change, request.client)
        if len(work.conflicts) > before:
            refused.append(place)
    requests = (*draft.requests, AppliedRequest(request.id, tuple(refused)))[-MAX_REQUESTS:]
    return work.outcome(replace(work.finished(), requests=requests))


def _make(work: Work, change: Change, client: str) -> None:
    match change:
        case SetField():
            _set(work, change, client)
        case AddStep():
            _add(work, change)
        case MoveStep():
            _move(work, change)
        case DeleteStep():
            _delete(work, change)
        case RenameSection():
            _rename(work, change)
        case Drop(step, name, value):
            work.keep_own(step, name, clean(name, value), "conflict", work.by)


def _tell_again(work: Work, change: Change) -> None:
    """Note the conflict of a change that was refused before, unless it is as asked now."""
    match change:
        case SetField(step, name, value):
            there = work.text(step, name)
            if there != _shown(name, value).learner:
                work.refuse(step, name if there is not None else "step", value, there)
        case AddStep(step):
            _tell_differences(work, step)
        case MoveStep(name) | DeleteStep(name):
            there, is_deleting = work.text(name, "text"), isinstance(change, DeleteStep)
            if (there is not None) == is_deleting:
                work.refuse(name, "step", None if is_deleting else "", there)
        case RenameSection() | Drop():
            pass  # never refused


def _set(work: Work, change: SetField, client: str) -> None:
    step, name, seen = change.step, change.field, change.seen[:16]
    work.touched.add(step)
    there = work.text(step, name)
    if there is None:
        work.refuse(step, "step", change.value, None)
        return
    parts = _shown(name, change.value)
    if parts.learner != there:
        is_seen = short_hash(there) == seen
        mark = work.mark(step, name)
        # Who wrote in this window what is there has not heard of it yet, or of what became of it.
        is_own = mark is not None and (mark.by, mark.client) == (work.by, client)
        if not is_seen and not (is_own and mark and seen in {mark.before, mark.sent}):
            work.refuse(step, name, change.value, there)
            return
        if change.resolves:
            work.keep(step, name, there, "conflict")
        elif not is_seen and not client and mark and seen != mark.sent:
            work.keep(step, name, there, "window")  # two windows, which do not say which
        work.write(step, name, parts.learner, seen, short_hash(change.value))
    _take_parts(work, step, parts)
    work.tell_stored(step, name, change.value)


def _shown(name: str, value: str) -> Separated:
    """Return what a field is to hold, and what goes to other fields."""
    text = clean(name, value)
    return separate(text) if name == "text" else Separated(text)


def _take_parts(work: Work, step: str | None, parts: Separated) -> None:
    for name, part in (("assistant", parts.assistant), ("check", parts.check)):
        there = work.text(step, name) if part else None
        if there is not None and (joined := with_part(there, part)) != there:
            work.write(step, name, joined, short_hash(there))
            work.tell_stored(step, name, there)
    work.notices += parts.notices


def _add(work: Work, change: AddStep) -> None:
    step = change.step
    work.touched.add(step.id)
    if work.step(step.id) is not None:
        _tell_differences(work, step)
        return
    if len(work.steps) >= MAX_STEPS:
        raise DraftRefused(f"A walkthrough has at most {MAX_STEPS:,} steps.")
    after = work.anchor(change.after)
    texts = {name: clean(name, getattr(step, name)) for name in STEP_FIELDS}
    parts = separate(texts["text"])
    texts["text"] = parts.learner
    if not change.has_section:
        texts["section"] = (work.text(after, "section") or "") if after else ""
    work.place(replace(step, **texts), after)
    _take_parts(work, step.id, parts)
    for name in _TEXTS:
        work.tell_stored(step.id, name, getattr(step, name))


def _tell_differences(work: Work, step: DraftStep) -> None:
    """Note where a step that is added, but is there already, has another text there."""
    for name in _TEXTS:
        there, value = work.text(step.id, name), getattr(step, name)
        if value and there != _shown(name, value).learner:
            work.refuse(step.id, name, value, there)


def _move(work: Work, change: MoveStep) -> None:
    work.touched.add(change.step)
    if work.step(change.step) is None:
        work.refuse(change.step, "step", "", None)
        return
    if change.section is not None:
        there = work.text(change.step, "section") or ""
        work.write(change.step, "section", clean("section", change.section), short_hash(there))
    step = work.step(change.step)
    if step is not None and change.after != step.id:
        work.place(step, work.anchor(change.after))


def _delete(work: Work, change: DeleteStep) -> None:
    step = work.step(change.step)
    if step is None:
        return
    changed = work.changed_by_others(step, (*STEP_FIELDS, PLACE))
    if changed is not None and not change.resolves:
        work.touched.add(step.id)
        work.refuse(step.id, "step", None, step.text, changed.by)
        return
    if change.resolves:
        for name in _TEXTS:
            work.keep(step.id, name, getattr(step, name), "conflict")
    work.remove(step)


def _rename(work: Work, change: RenameSection) -> None:
    value = clean("section", change.value)
    for step in work.steps:
        if step.section == change.section:
            work.write(step.id, "section", value, short_hash(step.section))
