"""The problems of a commit, of which memory holds a bounded number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sync.format.parse_result import in_file_order
from walkthroughs.content.problems import FirstProblems, Problem, Severity, first_problems

#: Problems that are told of one folder, and of a commit: more help nobody, and are stored.
_MAX_OF_ONE, MAX_OF_ALL = 100, 1000


class FoundProblems:
    """The first mistakes of a commit in file order, and beside them what is no mistake."""

    def __init__(self) -> None:
        self._kinds = {is_error: FirstProblems(MAX_OF_ALL) for is_error in (True, False)}
        self.has_errors = False

    def add(self, problems: Iterable[Problem]) -> None:
        """Take problems, wherever they are."""
        for each in problems:
            is_error = each.severity is Severity.ERROR
            self.has_errors |= is_error
            self._kinds[is_error].add(each)

    def add_of_one(self, problems: Sequence[Problem]) -> None:
        """Take the problems of one folder, or of one file: the first of them are told."""
        for is_error in (True, False):  # so that no warnings stand before the mistakes
            kind = [each for each in problems if (each.severity is Severity.ERROR) is is_error]
            self.add(first_problems(in_file_order(kind), _MAX_OF_ONE))

    def told(self, *, errors: bool) -> tuple[Problem, ...]:
        """Return the mistakes, or the others; a line says how many there are beyond."""
        return self._kinds[errors].told()
