"""What a writer asks for in a draft, as values, and as the JSON that the dashboard sends. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from walkthroughs.content.draft import DETAIL_FIELDS, STEP_FIELDS, DraftStep, join_tags
from walkthroughs.content.draft_json import MAX_CHANGES, as_step_id, check_choice, step_from_json
from walkthroughs.content.json_shape import (
    as_field,
    as_line,
    as_list,
    as_number,
    as_object,
    as_token,
)
from walkthroughs.errors import DraftRefused

#: Each looks at all steps.
MAX_RENAMED = 50
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class SetField:
    """Another text in a field of a step, or of the details (no step).

    Attributes:
        seen: `text_hash` of the text that the writer replaces.
        resolves: it settles a conflict; the text that it replaces is kept as a copy.
    """

    step: str | None
    field: str
    value: str
    seen: str
    resolves: bool = False


@dataclass(frozen=True, slots=True)
class AddStep:
    """A new step behind another; no *after*: the first one. Its section: that of *after*."""

    step: DraftStep
    after: str | None
    has_section: bool = True


@dataclass(frozen=True, slots=True)
class MoveStep:
    """A step to another place, and into a section if one is named."""

    step: str
    after: str | None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class DeleteStep:
    """A step less. *resolves*: though somebody else changed it; it is kept as a copy."""

    step: str
    resolves: bool = False


@dataclass(frozen=True, slots=True)
class RenameSection:
    """Another heading for all steps of a section; empty: they have none."""

    section: str
    value: str


@dataclass(frozen=True, slots=True)
class Drop:
    """The writer takes the other text of a conflict; their own is kept as a copy."""

    step: str | None
    field: str
    value: str


Change = SetField | AddStep | MoveStep | DeleteStep | RenameSection | Drop


@dataclass(frozen=True, slots=True)
class Request:
    """Changes that are applied together, once.

    Attributes:
        id: made by the client.
        base: the revision of the draft that the writer had seen.
        client: which window of the member's it is; empty if it does not say.
    """

    id: str
    base: int
    changes: tuple[Change, ...] = ()
    client: str = ""


#: Fields that nothing but the step itself and its preview shows.
_TEXTS = frozenset({"text", "assistant", "check", "description", "minutes", "tags"})


def only_texts(request: Request) -> frozenset[str | None] | None:
    """Return the steps whose texts the request sets; none among them: the details.

    None if it asks for more: for a change that a list of steps shows.
    """
    sets = [each for each in request.changes if isinstance(each, SetField)]
    if len(sets) < len(request.changes) or any(each.field not in _TEXTS for each in sets):
        return None
    return frozenset(each.step for each in sets)


def request_from_json(data: object) -> Request:
    """Return what a client asks for.

    Raises:
        DraftRefused: it cannot be read, or is too much; all of it is refused.
    """
    whole = as_object(data, "The request")
    changes = as_list(whole.get("changes"), '"changes"', MAX_CHANGES)
    kinds = [each.get("kind") for each in changes if isinstance(each, dict)]
    if kinds.count("rename_section") > MAX_RENAMED:
        raise DraftRefused(f"At most {MAX_RENAMED} sections can be renamed at once.")
    return Request(
        as_token(whole.get("request_id"), '"request_id"'),
        as_number(whole.get("base"), '"base"'),
        tuple(_change(as_object(each, "A change")) for each in changes),
        as_token(whole["client"], '"client"') if whole.get("client") else "",
    )


def _change(data: Mapping[str, Any]) -> Change:
    match data.get("kind"):
        case "set_step":
            return _set(data, as_step_id(data.get("step")), STEP_FIELDS)
        case "set_detail":
            return _set(data, None, DETAIL_FIELDS)
        case "add_step":
            return _add(data)
        case "move_step":
            step, after = as_step_id(data.get("step")), _after(data)
            section = data.get("section")
            return MoveStep(step, after, None if section is None else as_field(section, "section"))
        case "delete_step":
            return DeleteStep(as_step_id(data.get("step")), data.get("resolves") is True)
        case "rename_section":
            old, new = data.get("section"), data.get("value")
            return RenameSection(as_field(old, "section"), as_field(new, "section"))
        case "drop":
            named = None if data.get("step") is None else as_step_id(data["step"])
            name = _name(data, DETAIL_FIELDS if named is None else STEP_FIELDS)
            return Drop(named, name, _value(data, name))
        case kind:
            raise DraftRefused(f'There is no change of the kind "{str(kind)[:40]}".')


def _set(data: Mapping[str, Any], step: str | None, known: tuple[str, ...]) -> SetField:
    name = _name(data, known)
    seen: object = data.get("seen")
    if not isinstance(seen, str) or not _HASH.fullmatch(seen):
        raise DraftRefused('"seen" must be a SHA-256 in 64 hexadecimal digits.')
    value = _value(data, name)
    if name == "revision":
        check_choice(value)
    return SetField(step, name, value, seen, data.get("resolves") is True)


def _name(data: Mapping[str, Any], known: tuple[str, ...]) -> str:
    name = data.get("field")
    if not isinstance(name, str) or name not in known:
        raise DraftRefused(f'"field" must be one of {", ".join(known)}.')
    return name


def _value(data: Mapping[str, Any], name: str) -> str:
    """Return the text of a field. Minutes may come as a number, and tags as a list."""
    value = data.get("value")
    if name == "minutes" and (value is None or isinstance(value, int)):
        return "" if value is None else str(as_number(value, '"minutes"'))
    if name == "tags" and isinstance(value, list):
        tags = as_list(value, '"tags"', 1000)
        return as_field(join_tags(tuple(as_line(tag, "A tag") for tag in tags)), name)
    return as_field(value, name)


def _after(data: Mapping[str, Any]) -> str | None:
    return None if data.get("after") is None else as_step_id(data["after"])


def _add(data: Mapping[str, Any]) -> AddStep:
    names = {"id": data.get("step")} | {k: data[k] for k in STEP_FIELDS if data.get(k) is not None}
    return AddStep(step_from_json(names), _after(data), data.get("section") is not None)
