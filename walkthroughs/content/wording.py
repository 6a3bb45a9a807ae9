"""Words for numbers."""

from __future__ import annotations


def count_of(number: int, noun: str, verb: str = "") -> str:
    """Return "1 step" or "3 steps"; with the verbs "was were", "1 step was" or "3 steps were"."""
    one, _, many = verb.partition(" ")
    words = [f"{number} {noun}", one] if number == 1 else [f"{number} {noun}s", many]
    return " ".join(word for word in words if word)
