"""A mistake in an author's file: where, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


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
        message: what is wrong and what to do, in one line.
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
    worst = min((each.severity for each in beyond), key=list(Severity).index)
    words = "problems" if worst is Severity.ERROR else "warnings and notes"
    more = Problem(beyond[0].path, beyond[0].line, f"and {len(beyond):,} more {words}", worst)
    return [*problems[:most], more]
