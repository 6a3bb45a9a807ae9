"""The pages of a course to the pieces that become its steps. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sync.convert.body.convert_body import convert_body
from sync.convert.includes import include_files
from sync.convert.lines import Line, joined, trimmed
from sync.convert.page import Page, visible
from sync.convert.split import Part, best_level, next_level, split
from sync.convert.titles import plain_title, words
from sync.convert.values import Course, Notes, PageRef
from walkthroughs.content.limits import MAX_STEP

_INTRODUCTION = "Introduction"
#: What links and HTML may still add to a step's text.
_SPARE = 2048
#: Pages that are called after their folder.
_NAMELESS = frozenset({"readme", "index", "_index", "assignment", "text"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a page, with what its step is called."""

    path: str
    title: str
    part: Part


def pieces_of(
    course: Course,
    ref: PageRef,
    page: Page,
    files: Mapping[str, bytes],
    level: int | None,
    notes: Notes,
) -> Iterator[Piece]:
    """Yield the pieces of a page, each short enough for a step."""
    is_mdx = course.is_mdx or page.path.endswith(".mdx")
    lines = visible(include_files(page.lines, page.path, files, notes), notes)
    lines = trimmed(convert_body(lines, notes, is_mdx=is_mdx))
    if not lines:
        notes.add(1, "there is no text in it, and it was left out")
        return
    title = plain_title(ref.title or "") or page.title or words(name_of(page.path))
    at = (level or best_level(lines)) if course.is_split else None
    parts = split(lines, at) if at else [Part(None, lines)]
    for part in parts:
        fallback = _INTRODUCTION if len(parts) > 1 else title
        own = replace(part, section=part.section or ref.section)
        yield from _fitting(Piece(page.path, part.title or fallback, own), notes)


def name_of(path: str) -> str:
    """Return a page's name without its ending; if it stands for its folder, that one's."""
    folder, own = posixpath.split(posixpath.splitext(path)[0])
    return posixpath.basename(folder) if own.lower() in _NAMELESS and folder else own


def _fitting(piece: Piece, notes: Notes) -> Iterator[Piece]:
    """Yield a piece, or its pieces by the next headings if it is too long for a step."""
    lines = piece.part.lines
    if len(joined(lines)) <= MAX_STEP - _SPARE:
        yield piece
        return
    level = next_level(lines)
    parts = split(lines, level) if level else []
    if len(parts) > 1:
        notes.add(lines[0].number, "too long for a step; it was split at its headings")
        for part in parts:
            own = replace(part, section=piece.part.section or piece.title)
            yield from _fitting(Piece(piece.path, part.title or piece.title, own), notes)
        return
    notes.add(lines[0].number, "too long for a step; it was cut into several")
    for number, chunk in enumerate(_chunks(lines), 1):
        part = replace(piece.part, lines=chunk)
        yield Piece(piece.path, f"{piece.title} ({number})", part)


def _chunks(lines: list[Line]) -> Iterator[list[Line]]:
    """Yield pieces that are short enough, cut at empty lines where there are some."""
    chunk: list[Line] = []
    size = last_empty = 0
    for line in lines:
        if chunk and size + len(line.text) > MAX_STEP * 3 // 4:
            cut = last_empty or len(chunk)
            yield trimmed(chunk[:cut])
            chunk = chunk[cut:]
            size, last_empty = len(joined(chunk)), 0
        chunk.append(line)
        size += len(line.text) + 1
        last_empty = last_empty if line.text.strip() else len(chunk)
    yield trimmed(chunk)
