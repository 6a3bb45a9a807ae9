"""The editor's form as browsers without scripts send it, as the request that scripts send. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from walkthroughs.content.comparison import Comparison
from walkthroughs.content.draft import AGAIN, SAME, Draft, text_hash
from walkthroughs.content.draft_changes import Request, request_from_json
from walkthroughs.ids import author_id

#: How the names of fields begin: of the step that is shown, of the walkthrough, and of whether
#: those who have done a step are asked to do it again.
STEP, DETAILS, _LEVEL = "step-", "details-", "level-"
_MAX_NOTE = 2000


def request_from_form(form: Mapping[str, str], base: int) -> Request:
    """Return the changes of a form: its fields, then what the pressed button asks for.

    A field has another one beside it, `seen-` and its name, with the hash of the text that was
    shown; and `resolves-` and its name if the page has shown a conflict. The button's value is
    `add AFTER`, `delete ID` or `move ID AFTER`; no AFTER is the first place. A form that is sent
    twice has one id, so its changes are made once.

    Raises:
        DraftRefused: it is none of ours, or a text is too long.
    """
    changes = [*_fields(form), *_pressed(form)]
    return request_from_json(
        {"request_id": form.get("request_id", ""), "base": base, "changes": changes}
    )


def levels_of(form: Mapping[str, str]) -> dict[str, str]:
    """Return whether each step is to be done again, `SAME` or `AGAIN`, as far as the form says."""
    levels = {name: value for name, value in form.items() if name.startswith(_LEVEL)}
    return {name.removeprefix(_LEVEL): value for name, value in levels.items()}


def shown_levels(form: Mapping[str, str], comparison: Comparison) -> dict[str, str]:
    """Return the choice for each reworded step: of the form, else of the draft."""
    kept = {step.step: AGAIN if step.is_again else SAME for step in comparison.reworded}
    return kept | levels_of(form)


def request_for_levels(form: Mapping[str, str], draft: Draft) -> Request:
    """Return the changes of the *draft* that keep the choices of the form.

    What the form leaves as it was shown stays as it is, also if somebody else has changed it since.

    Raises:
        DraftRefused: a choice is none that the page offers.
    """
    changes = list(_changed_levels(form, draft))
    return request_from_json(
        {"request_id": author_id(), "base": draft.revision, "changes": changes}
    )


def plain_note(note: str) -> str:
    """Return a note without characters that no commit's message has."""
    lines = note.replace("\r\n", "\n")[:_MAX_NOTE]
    return "".join(each for each in lines if each.isprintable() or each == "\n").strip()


def new_step_id(request_id: str) -> str:
    """Return the author id of the step that a form adds: the same if it is sent twice."""
    return text_hash(request_id)[:12]


def _fields(form: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for name, value in form.items():
        seen = form.get(f"seen-{name}")
        sent = value.replace("\r\n", "\n")
        if seen is None or text_hash(sent) == seen:
            continue
        change = {"value": sent, "seen": seen, "resolves": f"resolves-{name}" in form}
        if name.startswith(STEP):
            named = {"kind": "set_step", "step": form.get("step"), "field": name[len(STEP) :]}
        else:
            named = {"kind": "set_detail", "field": name.removeprefix(DETAILS)}
        yield named | change


def _changed_levels(form: Mapping[str, str], draft: Draft) -> Iterator[dict[str, Any]]:
    levels = levels_of(form)
    for step in draft.steps:
        level = levels.get(step.id, step.revision)
        seen = form.get(f"seen-{_LEVEL}{step.id}", text_hash(step.revision))
        if level != step.revision and text_hash(level) != seen:
            change = {"kind": "set_step", "step": step.id, "field": "revision", "value": level}
            yield change | {"seen": seen}


def _pressed(form: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    verb, _, rest = form.get("do", "").partition(" ")
    step, _, after = rest.partition(" ")
    if verb == "add":
        step_id = new_step_id(form.get("request_id", ""))
        yield {"kind": "add_step", "step": step_id, "after": step or None}
    elif verb == "delete":
        yield {"kind": "delete_step", "step": step}
    elif verb == "move":
        yield {"kind": "move_step", "step": step, "after": after or None}
