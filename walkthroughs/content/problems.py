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


class _MoreProblems(Problem):
    """A line that stands for *count* others."""

    count = 1


def first_problems(problems: Sequence[Problem], most: int) -> list[Problem]:
    """Return at most *most* problems, and a line that says how many there are beyond.

    The line is as severe as the worst of these: it does not refuse what they do not. One that is
    beyond itself counts as those that it stands for.
    """
    beyond = problems[most:]
    if not beyond:
        return list(problems)
    worst = min((each.severity for each in beyond), key=list(Severity).index)
    words = "problems" if worst is Severity.ERROR else "warnings and notes"
    count = sum(each.count if isinstance(each, _MoreProblems) else 1 for each in beyond)
    more = _MoreProblems(beyond[0].path, beyond[0].line, f"and {count:,} more {words}", worst)
    object.__setattr__(more, "count", count)
    return [*problems[:most], more]


def first_of_each_kind(
    problems: Iterable[Problem], most: int
) -> tuple[list[Problem], list[Problem]]:
    """Return the first mistakes in file order, and the first of what is none."""
    ordered = sorted(problems, key=FILE_ORDER)
    errors = [each for each in ordered if each.severity is Severity.ERROR]
    others = [each for each in ordered if each.severity is not Severity.ERROR]
    return first_problems(errors, most), first_problems(others, most)


def add_first(problems: list[Problem], more: Iterable[Problem], most: int) -> None:
    """Add *more*, however many, to *problems*: memory holds a few times *most*, the first ones."""
    for each in more:
        problems.append(each)
        if len(problems) > 4 * most:
            errors, others = first_of_each_kind(problems, most)
            problems[:] = [*errors, *others]
