"""Words for numbers, and for the first of many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

#: Names in one line; lines of one kind. Whoever has more is helped by how many there are.
_MAX_NAMES, _MAX_LINES = 3, 200


def first_names(names: Sequence[str], beyond: int = 0) -> str:
    """Return "a, b, c and 9,997 more"; *beyond* are not among *names*."""
    more = len(names[_MAX_NAMES:]) + beyond
    told = ", ".join(names[:_MAX_NAMES])
    return f"{told} and {more:,} more" if more else told


def first_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the first of *lines*, and one that says how many there are beyond."""
    left = iter(lines)
    told = tuple(islice(left, _MAX_LINES))
    more = sum(1 for _ in left)
    return (*told, f"and {more:,} more") if more else told


def count_of(number: int, noun: str, verb: str = "") -> str:
    """Return "1 step" or "3 steps"; with the verbs "was were", "1 step was" or "3 steps were"."""
    one, _, many = verb.partition(" ")
    words = [f"{number} {noun}", one] if number == 1 else [f"{number} {noun}s", many]
    return " ".join(word for word in words if word)
