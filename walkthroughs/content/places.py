"""Where the content of a Markdown block stands in the text that it was read from. Pure."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from markdown_it.token import Token

#: Where something stands in a text.
Span = tuple[int, int]


class Lines:
    """A text by lines."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        #: How far each line of a table was looked through.
        self._looked_at: dict[int, int] = {}

    def find(self, number: int, part: str) -> int | None:
        """Return where the line's *part* begins in the text: its end, or what follows the last."""
        line = self.lines[number]
        if line.rstrip().endswith(part.rstrip()) and number not in self._looked_at:
            return self.starts[number] + line.rstrip().rfind(part.rstrip())
        at = line.find(part, self._looked_at.get(number, 0))
        if at < 0:
            return None
        self._looked_at[number] = at + len(part)
        return self.starts[number] + at


class Segment:
    """The content of a block, and where its lines stand in the text."""

    def __init__(self, token: Token, lines: Lines) -> None:
        first, _ = token.map or (0, 0)
        parts = token.content.split("\n")
        self._first = first
        self._starts = [0]
        for part in parts:
            self._starts.append(self._starts[-1] + len(part) + 1)
        self._origins = [
            lines.find(first + number, part) if first + number < len(lines.lines) else None
            for number, part in enumerate(parts)
        ]

    def line(self, at: int) -> int:
        """Return the line of a place, counted from 1."""
        return self._first + bisect_right(self._starts, at)

    def place(self, at: int) -> int | None:
        """Return where a place of the block is in the text; none if it cannot be told."""
        number = bisect_right(self._starts, at) - 1
        origin = self._origins[number]
        return None if origin is None else origin + at - self._starts[number]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a piece of a block stands in the text."""

    segment: Segment
    at: int

    def span(self, start: int, end: int) -> Span | None:
        """Return where *start* to *end* from here stand in the text."""
        first = self.segment.place(self.at + start)
        last = self.segment.place(self.at + end - 1) if end > start else first
        if first is None or last is None:
            return None
        return first, last + (end > start)
