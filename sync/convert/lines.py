"""Lines of a file that keep their numbers while the text changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from re import Match, Pattern

from sync.convert.code import mask_code


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, and the number (from 1) of the line of the file that it comes from."""

    text: str
    number: int


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement of the characters from *start* to *end*."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """A match outside code: its groups as they are written, and its line's number."""

    match: Match[str]
    source: str
    number: int

    def __getitem__(self, group: int | str) -> str:
        """Return what a group matched, empty if it took no part."""
        start, end = self.match.span(group)
        return self.source[start:end] if start >= 0 else ""


def numbered(text: str, first: int = 1) -> list[Line]:
    """Return the lines of *text*."""
    return [Line(line, number) for number, line in enumerate(text.split("\n"), first)]


def joined(lines: Iterable[Line]) -> str:
    """Return the text of lines."""
    return "\n".join(line.text for line in lines)


def trimmed(lines: Sequence[Line]) -> list[Line]:
    """Return the lines without empty ones at both ends."""
    start, end = 0, len(lines)
    while start < end and not lines[start].text.strip():
        start += 1
    while end > start and not lines[end - 1].text.strip():
        end -= 1
    return list(lines[start:end])


def substitute(
    lines: list[Line], pattern: Pattern[str], replace: Callable[[Found], str | None]
) -> list[Line]:
    """Replace what *pattern* matches outside code; none from *replace* leaves a match as it is.

    Code is hidden from the pattern as NUL characters.
    """
    text = joined(lines)
    at = line_finder(lines)
    edits = []
    for match in pattern.finditer(mask_code(text)):
        new = replace(Found(match, text, lines[at(match.start())].number))
        if new is not None:
            edits.append(Edit(match.start(), match.end(), new))
    return apply(lines, edits)


def line_finder(lines: Sequence[Line]) -> Callable[[int], int]:
    """Return a function from a position in the joined text to the line's index."""
    starts = [0, *accumulate(len(line.text) + 1 for line in lines)][:-1]
    return lambda position: bisect_right(starts, position) - 1


def apply(lines: list[Line], edits: Sequence[Edit]) -> list[Line]:
    """Carry out *edits*, which stand in order and do not overlap."""
    if not edits:
        return lines
    text, at, index = joined(lines), 0, line_finder(lines)
    result, pending, number = [], "", lines[0].number
    for edit in (*edits, Edit(len(text), len(text), "")):
        for kept, source in ((True, text[at : edit.start]), (False, edit.text)):
            first = index(at if kept else edit.start)
            for offset, piece in enumerate(source.split("\n")):
                if offset:
                    result.append(Line(pending, number))
                    pending = ""
                    number = lines[first + (offset if kept else 0)].number
                pending += piece
        at = edit.end
    return [*result, Line(pending, number)]
