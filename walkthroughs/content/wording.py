"""Words for numbers, and for the first of many."""

from __future__ import annotations

from collections.abc import Sequence

#: Names in one line. Whoever has more is helped by how many there are.
_MAX_NAMES = 3


def first_names(names: Sequence[str], beyond: int = 0) -> str:
    """Return "a, b, c and 9,997 more"; *beyond* are not among *names*."""
    more = len(names[_MAX_NAMES:]) + beyond
    told = ", ".join(names[:_MAX_NAMES])
    return f"{told} and {more:,} more" if more else told


def count_of(number: int, noun: str, verb: str = "") -> str:
    """Return "1 step" or "3 steps"; with the verbs "was were", "1 step was" or "3 steps were"."""
    one, _, many = verb.partition(" ")
    words = [f"{number} {noun}", one] if number == 1 else [f"{number} {noun}s", many]
    return " ".join(word for word in words if word)
