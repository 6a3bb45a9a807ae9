"""A mistake in an author's file: where, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a content repository, for the person who can fix it.

    Attributes:
        path: the file, relative to the repository.
        line: counted from 1.
        message: what is wrong and what to do, in one line.
    """

    path: str
    line: int
    message: str

    def __post_init__(self) -> None:
        """Show what an author wrote without what hides in it, and PostgreSQL takes no NUL."""
        if not self.message.isprintable():
            shown = "".join(
                each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in self.message
            )
            object.__setattr__(self, "message", shown)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def first_problems(problems: Sequence[Problem], most: int) -> list[Problem]:
    """Return at most *most* problems, and a line that says how many there are beyond."""
    if len(problems) <= most:
        return list(problems)
    next_one = problems[most]
    more = Problem(next_one.path, next_one.line, f"and {len(problems) - most:,} more problems")
    return [*problems[:most], more]
