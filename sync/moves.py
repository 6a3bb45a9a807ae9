"""Steps that moved several times between two looks at the repository. Pure.

The database knows a step by the last name under which it was published. The
records of one commit lead from the name that an author writes back to that one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from walkthroughs.content import Move, Outline

Outlines = Mapping[str, Outline]
Name = tuple[str, str]


def with_earlier_names(outlines: Sequence[Outline]) -> list[Outline]:
    """Return *outlines* with what each step from another walkthrough was called before."""
    every = {outline.id: outline for outline in outlines}
    return [
        replace(outline, moved=tuple(_led_back(move, every) for move in outline.moved))
        if any(move.walkthrough for move in outline.moved)
        else outline
        for outline in outlines
    ]


def _led_back(move: Move, every: Outlines) -> Move:
    if move.walkthrough is None:
        return move
    return replace(move, earlier=tuple(_earlier((move.walkthrough, move.old), every)))


def _earlier(name: Name, every: Outlines) -> Iterator[Name]:
    seen, ahead = {name}, [name]
    while ahead:
        for before in _before(ahead.pop(0), every):
            if before not in seen:
                seen.add(before)
                ahead.append(before)
                yield before


def _before(name: Name, every: Outlines) -> Iterator[Name]:
    """Yield what the records say that the step was called just before.

    An id that its walkthrough still has, or has again, is another step.
    """
    walkthrough, step = name
    for move in every[walkthrough].moved if walkthrough in every else ():
        before = (move.walkthrough or walkthrough, move.old)
        origin = every.get(before[0])
        lives_on = origin is not None and any(each.id == move.old for each in origin.steps)
        if move.new == step and not lives_on:
            yield before
