"""A mistake in an author's file: where, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

#: Letters of a message: what an author wrote may be quoted in it, and has any length.
MAX_MESSAGE = 1000
#: The order of files, and of lines in them.
FILE_ORDER = attrgetter("path", "line")


class Severity(StrEnum):
    """What a problem means for its walkthrough."""

    #: It is refused.
    ERROR = "error"
    #: It goes live; a learner may not see what its author meant.
    WARNING = "warning"
    #: It goes live, and nothing is lost.
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a content repository, for the person who can fix it.

    Attributes:
        path: the file, relative to the repository.
        line: counted from 1.
        message: what is wrong and what to do, in one line. One that is far too long is cut.
        severity: only an error refuses the walkthrough.
    """

    path: str
    line: int
    message: str
    severity: Severity = Severity.ERROR

    def __post_init__(self) -> None:
        """Show what an author wrote without what hides in it, and PostgreSQL takes no NUL.

        A severity may come as its word, from JSON.
        """
        object.__setattr__(self, "severity", Severity(self.severity))
        if len(self.message) > MAX_MESSAGE:
            object.__setattr__(self, "message", f"{self.message[: MAX_MESSAGE - 1]}…")
        if not self.message.isprintable():
            shown = "".join(
                each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in self.message
            )
            object.__setattr__(self, "message", shown)

    def __str__(self) -> str:
        kind = "" if self.severity is Severity.ERROR else f"{self.severity}: "
        return f"{self.path}:{self.line}: {kind}{self.message}"


def has_errors(problems: Iterable[Problem]) -> bool:
    """Return whether one of *problems* refuses its walkthrough."""
    return any(problem.severity is Severity.ERROR for problem in problems)


def first_problems(problems: Sequence[Problem], most: int) -> list[Problem]:
    """Return at most *most* problems, and a line that says how many there are beyond.

    The line is as severe as the worst of these: it does not refuse what they do not.
    """
    beyond = problems[most:]
    if not beyond:
        return list(problems)
    return [*problems[:most], _more(beyond[0], len(beyond), _worst(beyond))]


class FirstProblems:
    """Takes any number of problems, and keeps the first in file order: memory holds twice *most*.

    They are told as `first_problems` tells them.
    """

    def __init__(self, most: int) -> None:
        self._most, self._kept, self._left_out = most, list[Problem](), 0
        self._next: Problem | None = None
        self._worst = Severity.NOTE

    def add(self, problem: Problem) -> None:
        """Take one more."""
        self._kept.append(problem)
        if len(self._kept) >= 2 * self._most:
            self._cut()

    def told(self) -> tuple[Problem, ...]:
        """Return the first ones, and a line that says how many there are beyond, if there are."""
        self._cut()
        if self._next is None:
            return tuple(self._kept)
        return (*self._kept, _more(self._next, self._left_out, self._worst))

    def _cut(self) -> None:
        self._kept.sort(key=FILE_ORDER)
        beyond = self._kept[self._most :]
        if beyond:
            del self._kept[self._most :]
            self._left_out += len(beyond)
            self._next = min((each for each in (self._next, beyond[0]) if each), key=FILE_ORDER)
            self._worst = _worst(beyond, self._worst)


def _worst(problems: Iterable[Problem], so_far: Severity = Severity.NOTE) -> Severity:
    return min((so_far, *(each.severity for each in problems)), key=list(Severity).index)


def _more(first: Problem, count: int, worst: Severity) -> Problem:
    words = "problems" if worst is Severity.ERROR else "warnings and notes"
    return Problem(first.path, first.line, f"and {count:,} more {words}", worst)
