"""A draft as JSON and back. Pure; what is read is not trusted."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from walkthroughs.addresses import SLUG_PATTERN
from walkthroughs.content.draft import (
    AGAIN,
    DETAIL_FIELDS,
    SAME,
    STEP_FIELDS,
    AppliedRequest,
    Details,
    Draft,
    DraftStep,
    Mark,
)
from walkthroughs.content.json_shape import (
    as_field,
    as_line,
    as_list,
    as_number,
    as_object,
    as_token,
)
from walkthroughs.content.limits import MAX_STEPS
from walkthroughs.errors import DraftRefused

#: Requests that a draft remembers.
MAX_REQUESTS = 200
#: Changes of one request: a walkthrough of the most steps, pasted whole.
MAX_CHANGES = 2 * MAX_STEPS
_MAX_MARKS = MAX_STEPS * (len(STEP_FIELDS) + 3)


def draft_as_json(draft: Draft) -> dict[str, Any]:
    """Return what `draft_from_json` reads, but for the revision and the version it began from."""
    return {
        "details": asdict(draft.details),
        # `asdict` takes ten times as long, which five hundred steps make felt.
        "steps": [
            {"id": step.id, **{name: getattr(step, name) for name in STEP_FIELDS}}
            for step in draft.steps
        ],
        "marks": {key: asdict(mark) for key, mark in draft.marks.items()},
        "requests": [{"id": each.id, "refused": list(each.refused)} for each in draft.requests],
    }


def draft_from_json(data: object, base_version: int, revision: int) -> Draft:
    """Return a draft.

    Raises:
        DraftRefused: *data* is none.
    """
    whole = as_object(data, "A draft")
    details = as_object(whole.get("details"), '"details"')
    steps = as_list(whole.get("steps"), '"steps"', MAX_STEPS)
    marks = as_object(whole.get("marks", {}), '"marks"')
    as_list(list(marks), '"marks"', _MAX_MARKS)
    requests = as_list(whole.get("requests", []), '"requests"', MAX_REQUESTS)
    read = tuple(step_from_json(step) for step in steps)
    if len({step.id for step in read}) != len(read):
        raise DraftRefused("Two steps of the draft have the same id.")
    return Draft(
        Details(**{name: as_field(details.get(name, ""), name) for name in DETAIL_FIELDS}),
        read,
        base_version,
        revision,
        {as_line(key, "The key of a mark"): _mark(mark) for key, mark in marks.items()},
        tuple(_request(each) for each in requests),
    )


def step_from_json(data: object) -> DraftStep:
    """Return a step of a draft; what is missing is empty.

    Raises:
        DraftRefused: *data* is none.
    """
    step = as_object(data, "A step")
    texts = {name: as_field(step.get(name, ""), name) for name in STEP_FIELDS}
    texts["revision"] = texts["revision"] or SAME
    check_choice(texts["revision"])
    return DraftStep(id=as_step_id(step.get("id")), **texts)


def as_step_id(value: object) -> str:
    """Return an author id of a step."""
    if not isinstance(value, str) or not SLUG_PATTERN.fullmatch(value):
        raise DraftRefused(
            "A step's id must be 2 to 63 small letters a-z, digits and hyphens, no hyphen first."
        )
    return value


def check_choice(revision: str) -> None:
    """Refuse a step's `revision` that is neither of the two."""
    if revision not in {SAME, AGAIN}:
        raise DraftRefused(f'"revision" must be "{SAME}" or "{AGAIN}".')


def _mark(data: object) -> Mark:
    mark = as_object(data, "A mark")
    texts = {
        name: as_line(mark.get(name, ""), f'"{name}"')
        for name in ("by", "before", "sent", "client")
    }
    return Mark(as_number(mark.get("revision"), '"revision"'), **texts)


def _request(data: object) -> AppliedRequest:
    request = as_object(data, "A request")
    refused = as_list(request.get("refused", []), '"refused"', MAX_CHANGES)
    return AppliedRequest(
        as_token(request.get("id"), '"id"'), tuple(as_number(each, '"refused"') for each in refused)
    )
