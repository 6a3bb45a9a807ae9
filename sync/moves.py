"""Steps that moved several times between two looks at the repository. Pure.

The database knows a step by the last name under which it was published. The
records of one commit lead from the name that an author writes back to that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from walkthroughs.content import Authored, Move, WalkthroughContent

Contents = Mapping[str, WalkthroughContent]
Name = tuple[str, str]


def with_earlier_names(authored: Iterable[Authored]) -> tuple[Authored, ...]:
    """Return *authored* with what each step from another walkthrough was called before."""
    every = tuple(authored)
    contents = {each.content.id: each.content for each in every}
    return tuple(
        replace(each, content=replace(each.content, moved=_led_back(each.content, contents)))
        if any(move.walkthrough for move in each.content.moved)
        else each
        for each in every
    )


def _led_back(content: WalkthroughContent, contents: Contents) -> tuple[Move, ...]:
    return tuple(
        replace(move, earlier=tuple(_earlier((move.walkthrough, move.old), contents)))
        if move.walkthrough
        else move
        for move in content.moved
    )


def _earlier(name: Name, contents: Contents) -> Iterator[Name]:
    seen, ahead = {name}, [name]
    while ahead:
        for before in _before(ahead.pop(0), contents):
            if before not in seen:
                seen.add(before)
                ahead.append(before)
                yield before


def _before(name: Name, contents: Contents) -> Iterator[Name]:
    """Yield what the records say that the step was called just before.

    An id that its walkthrough still has, or has again, is another step.
    """
    walkthrough, step = name
    for move in contents[walkthrough].moved if walkthrough in contents else ():
        before = (move.walkthrough or walkthrough, move.old)
        origin = contents.get(before[0])
        lives_on = origin is not None and any(each.id == move.old for each in origin.steps)
        if move.new == step and not lives_on:
            yield before
