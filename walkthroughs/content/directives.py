"""The parts of a step for the assistant, and notes: what stands between lines of colons. Pure.

Code fences are known from the Markdown reader; what opens and closes is counted here, so that a
part ends where its author ended it. What looks like a part and is none is an error: a learner
would be shown what only the assistant should read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from walkthroughs.content.findings import Finding

AUDIENCES = ("agent", "verify")
#: Kinds of notes, as the builders of documentation write them, and what a learner is shown.
NOTES = {
    "note": "Note", "info": "Info", "tip": "Tip", "hint": "Hint", "important": "Important",
    "success": "Success", "question": "Question", "example": "Example", "quote": "Quote",
    "abstract": "Summary", "summary": "Summary", "warning": "Warning", "caution": "Caution",
    "attention": "Attention", "danger": "Danger", "error": "Error", "failure": "Failure",
    "bug": "Bug",
}  # fmt: skip
#: A line of colons behind what a quote, a list or an indentation puts before it.
_COLONS = re.compile(r"((?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*)(:{3,})[ \t]*(.*?)[ \t]*\Z")
_PART = re.compile(rf"\{{({'|'.join(AUDIENCES)})\}}")
_PART_LIKE = re.compile(rf"[\W_]*({'|'.join(AUDIENCES)})\b", re.IGNORECASE)
_NOTE = re.compile(r"\{?([a-z]+)\}?[ \t]*(?:\[(.*)\]|(.*))", re.IGNORECASE)
_INDENTED_NOTE = re.compile(
    r"([ \t>]*)(?:!!!|\?\?\?\+?)[ \t]+([a-z]+)[ \t]*(?:\"(.*)\")?[ \t]*\Z", re.IGNORECASE
)
_LIST_MARKER = re.compile(r"[^\s>]+")
_CONFLICT = re.compile(r"(?:<{7}|>{7}|\|{7})(?:[ \t].*)?\Z")

#: What notes, parts and conflicts begin with, behind its first character.
_MARKERS = tuple((each[0], each) for each in (":::", "!!!", "???", "<<<<<<<", ">>>>>>>", "|||||||"))

#: A line of a text, and its number, which counts from 0.
Line = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Split:
    """A text by audience.

    Attributes:
        pieces: what learners are shown, as often as a part stands between; notes are quotes.
        parts: of each audience, what its parts hold.
        findings: what is wrong.
        places: (audience, line that opens it, line that closes it) of each part, in order.
    """

    pieces: tuple[tuple[Line, ...], ...]
    parts: dict[str, tuple[tuple[Line, ...], ...]]
    findings: tuple[Finding, ...]
    places: tuple[tuple[str, int, int], ...]


def split_lines(lines: Sequence[str], fenced: set[int]) -> Split:
    """Take *lines* apart; those whose numbers are in *fenced* are code."""
    reader = _Reader(lines, fenced)
    pieces: list[tuple[Line, ...]] = []
    parts: dict[str, list[tuple[Line, ...]]] = {name: [] for name in AUDIENCES}
    at = 0
    for audience, first, last in reader.parts:
        pieces.append(reader.kept(at, first))
        parts[audience].append(reader.kept(first + 1, last))
        at = last + 1
    pieces.append(reader.kept(at, len(lines)))
    return Split(
        tuple(pieces),
        {name: tuple(found) for name, found in parts.items()},
        tuple(reader.findings),
        tuple(reader.parts),
    )


def quote_indented_notes(lines: Sequence[str], fenced: set[int]) -> list[str]:
    """Return *lines* with each `!!! note` and the indented lines below it as a quote."""
    quoted = list(lines)
    for number, line in enumerate(lines):
        found = _INDENTED_NOTE.match(line) if number not in fenced else None
        if found is None or found[2].lower() not in NOTES:
            continue
        before, inside = found[1], f"{found[1]}    "
        quoted[number] = _heading(before, found[2], found[3])
        for at in range(number + 1, _end_of_indented(quoted, number, inside)):
            quoted[at] = _quoted(before, quoted[at].removeprefix(inside))
    return quoted


def _end_of_indented(lines: Sequence[str], number: int, inside: str) -> int:
    end = number + 1
    for at in range(number + 1, len(lines)):
        if lines[at].startswith(inside) and lines[at].strip():
            end = at + 1
        elif lines[at].strip():
            break
    return end


def _heading(before: str, kind: str, title: str | None) -> str:
    name = NOTES[kind.lower()]
    words = f"{name}: {title.strip()}" if title and title.strip() else name
    return f"{before}> **{words}**  "


def _quoted(before: str, inner: str) -> str:
    return f"{before}> {inner}" if inner.strip() else f"{before}>"


@dataclass(frozen=True, slots=True)
class _Open:
    """A line of colons that opens something: for whom (none: a note), where, in which margin."""

    colons: int
    audience: str | None
    number: int
    margin: str


class _Reader:
    """Goes through the lines once."""

    def __init__(self, lines: Sequence[str], fenced: set[int]) -> None:
        self._lines: list[str | None] = list(lines)
        self._open: list[_Open] = []
        #: What was opened and is refused: the line that closes it is not told as well.
        self._refused = 0
        self.parts: list[tuple[str, int, int]] = []
        self.findings: list[Finding] = []
        for number, line in enumerate(lines):
            if number not in fenced:
                self._read(number, line)
        for left in self._open:
            end = ":" * left.colons
            self._refuse(left.number, f'this part is never closed; end it with a line "{end}"')

    def kept(self, start: int, end: int) -> tuple[Line, ...]:
        """Return the lines from *start* to before *end*, without the ends of notes."""
        found = ((number, self._lines[number]) for number in range(start, end))
        return tuple((number, line) for number, line in found if line is not None)

    def _read(self, number: int, line: str) -> None:
        if ":::" in line and (found := _COLONS.match(line)):
            before, colons, rest = found.groups()
            if rest:
                self._begin(number, before, len(colons), rest)
            else:
                self._end(number, before, len(colons))
        elif line.startswith(("<<<<<<<", ">>>>>>>", "|||||||")) and _CONFLICT.match(line):
            self._refuse(number, "a merge conflict is left here; settle it")

    def _begin(self, number: int, before: str, colons: int, rest: str) -> None:
        part, note = _PART.fullmatch(rest), _NOTE.fullmatch(rest)
        margin = _LIST_MARKER.sub(lambda found: " " * len(found[0]), before)
        opened = partial(_Open, colons, number=number, margin=margin)
        if part and not before and not self._open:
            self._open.append(opened(audience=part[1]))
        elif like := part or _PART_LIKE.match(rest):
            where = "at the beginning of a line, outside of lists, quotes and other parts"
            name = like[1].lower()
            self._refused += 1
            self._refuse(number, f"this is no part for the assistant; write :::{{{name}}} {where}")
        elif note and note[1].lower() in NOTES:
            self._open.append(opened(audience=None))
            self._lines[number] = _heading(before, note[1], note[2] or note[3])
        else:
            self._refused += 1
            known = ", ".join(f":::{{{each}}}" for each in AUDIENCES)
            message = f"is no part of a step; use {known}, a note such as :::tip, or Markdown"
            self._refuse(number, f'"{":" * colons}{rest[:60]}" {message}')

    def _end(self, number: int, before: str, colons: int) -> None:
        opened = self._open[-1] if self._open else None
        if opened is None or opened.colons != colons or before.strip() != opened.margin.strip():
            if self._refused:
                self._refused -= 1
                return
            message = 'this ":::" closes nothing; remove it, or close with as many as were opened'
            self._refuse(number, message)
            return
        self._open.pop()
        if opened.audience is not None:
            self.parts.append((opened.audience, opened.number, number))
        else:
            self._quote(opened, number)

    def _quote(self, opened: _Open, end: int) -> None:
        """Write the lines of a note as a quote, within what stood before it."""
        self._lines[end] = None
        width = len(opened.margin)
        for number in range(opened.number + 1, end):
            line = self._lines[number]
            if line is not None:
                inside = line[:width].strip() == opened.margin.strip()
                self._lines[number] = _quoted(opened.margin, line[width:] if inside else line)

    def _refuse(self, number: int, message: str) -> None:
        self.findings.append(Finding(number + 1, message))


def has_notes_or_parts(text: str) -> bool:
    """Return whether *text* can hold any of them: most have none.

    One character is found much sooner than several, and most texts do not have it.
    """
    for character, marker in _MARKERS:  # noqa: SIM110  a generator costs more than the looks
        if character in text and marker in text:
            return True
    return False
