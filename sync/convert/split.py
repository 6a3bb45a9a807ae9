"""A page's text to steps, by its headings. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from sync.convert.code import blocks
from sync.convert.lines import Line, joined, trimmed
from sync.convert.titles import plain_title

#: Steps of this size are comfortable; a level whose steps are larger is split deeper.
_COMFORTABLE = 8 * 1024
_MOST_STEPS = 60
_LEVELS = range(1, 7)
_DURATION = re.compile(
    r"Duration:[ \t]*(\d{1,3})(?::(\d{1,2}))?(?::(\d{1,2}))?[ \t]*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a page that becomes a step.

    Attributes:
        title: its heading; none: it stands before the first one.
        section: the heading above its level that it stands under.
        minutes: how long it takes, if it says so.
    """

    title: str | None
    lines: list[Line]
    section: str | None = None
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class _Heading:
    start: int
    end: int
    level: int
    title: str


def best_level(lines: list[Line]) -> int | None:
    """Return the heading level that gives the most sensible steps; none without two headings.

    That is the highest level with at least two headings, or one below it if the steps
    would be long and the lower ones are not too many.
    """
    counts = Counter(heading.level for heading in _headings(lines))
    best = next((level for level in _LEVELS if counts[level] >= 2), None)
    if best is None:
        return None
    size = sum(len(line.text) + 1 for line in lines)
    while size / counts[best] > _COMFORTABLE and _MOST_STEPS > counts[best + 1] > counts[best]:
        best += 1
    return best


def split(lines: list[Line], level: int) -> list[Part]:
    """Split at headings of *level* and above; one above it names the section of what follows.

    Text before the first heading is the first part. A heading above the level with text of its
    own is a part, too. No text is lost.
    """
    headings = [heading for heading in _headings(lines) if heading.level <= level]
    first = headings[0].start if headings else len(lines)
    parts = [_part(None, lines[:first], None)]
    section = None
    for at, heading in enumerate(headings):
        end = headings[at + 1].start if at + 1 < len(headings) else len(lines)
        own = lines[heading.end : end]
        leads = at + 1 < len(headings) and headings[at + 1].level > heading.level
        if heading.level < level:
            section = heading.title if leads else None
        parts.append(_part(heading.title, own, section))
    return [part for part in parts if part.lines]


def next_level(lines: list[Line]) -> int | None:
    """Return the highest level of the headings within; none without one."""
    return min((heading.level for heading in _headings(lines)), default=None)


def _part(title: str | None, lines: list[Line], section: str | None) -> Part:
    lines = trimmed(lines)
    found = _DURATION.fullmatch(lines[0].text) if lines else None
    if found is None:
        return Part(title, lines, section)
    first, second, third = (int(group or 0) for group in found.groups())
    minutes = first * 60 + second + bool(third) if found[3] else first + bool(second)
    return Part(title, trimmed(lines[1:]), section, minutes)


def _headings(lines: list[Line]) -> Iterator[_Heading]:
    tokens = blocks(joined(lines))
    for token, inside in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            start, end = token.map
            yield _Heading(start, end, int(token.tag[1]), plain_title(inside.content))
