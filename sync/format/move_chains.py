"""Follow steps that moved several times within one commit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from walkthroughs.content.values import Move, Outline

Name = tuple[str, str]
#: (walkthrough, step) -> what the records say that the step was called just before.
Records = Mapping[Name, Sequence[Name]]
#: Maximum moves of one step that are followed within a commit.
_MAX_MOVES = 16


def with_earlier_names(outlines: Sequence[Outline]) -> list[Outline]:
    """Return *outlines* with what each step from another walkthrough was called before."""
    if not any(move.walkthrough for outline in outlines for move in outline.moved):
        return list(outlines)
    records = _records(outlines)
    return [
        replace(outline, moved=tuple(_add_earlier_names(move, records) for move in outline.moved))
        if any(move.walkthrough for move in outline.moved)
        else outline
        for outline in outlines
    ]


def _records(outlines: Sequence[Outline]) -> Records:
    """Gather the records. An id that its walkthrough still has, or has again, is another step."""
    live = {outline.id: {step.id for step in outline.steps} for outline in outlines}
    before: dict[Name, list[Name]] = defaultdict(list)
    for outline in outlines:
        for move in outline.moved:
            origin = move.walkthrough or outline.id
            if move.old not in live.get(origin, ()):
                before[outline.id, move.new].append((origin, move.old))
    return before


def _add_earlier_names(move: Move, records: Records) -> Move:
    if move.walkthrough is None:
        return move
    return replace(move, earlier_names=tuple(_earlier((move.walkthrough, move.old), records)))


def _earlier(name: Name, records: Records) -> list[Name]:
    """Return the names before *name*, the newest first."""
    found = [name]
    for each in found:  # which grows while it is gone through
        # A thousand records may lead to one name: no more of them are looked at than are kept.
        for before in islice(records.get(each, ()), 2 * _MAX_MOVES):
            if before not in found:
                found.append(before)
        if len(found) > _MAX_MOVES:
            break
    return found[1 : _MAX_MOVES + 1]
