"""The pages of a course to the steps and pictures of a walkthrough. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from sync.convert.body.remaining import write_as_text
from sync.convert.lines import joined, trimmed
from sync.convert.links import convert_links
from sync.convert.page import read_page
from sync.convert.pieces import Piece, name_of, pieces_of
from sync.convert.titles import NUMBER, plain_title, words
from sync.convert.tutorial import LinkScope, Pictures, Tutorial
from sync.convert.values import Course, Notebook
from sync.format.text import slug
from sync.layout import MAX_ENTRIES
from walkthroughs.content.values import StepContent

#: Leaves room for a number behind it.
_MAX_ID = 56


@dataclass(frozen=True, slots=True)
class Draft:
    """A walkthrough in the making."""

    title: str
    description: str | None
    minutes: int | None
    steps: tuple[StepContent, ...]
    pictures: Mapping[str, bytes]


def assemble(
    course: Course, tutorial: Tutorial, level: int | None, notes: Notebook
) -> Draft | None:
    """Return what a course becomes; none if no text is left of it."""
    files = tutorial.files
    pages = [
        (ref, page)
        for ref in course.pages
        if ref.path in files and (page := read_page(ref.path, files[ref.path], notes.of(ref.path)))
    ]
    pieces = [
        piece
        for ref, page in pages
        for piece in pieces_of(course, ref, page, files, level, notes.of(ref.path))
    ]
    pictures = Pictures(max(0, MAX_ENTRIES - len(pieces) - 8))
    steps = _steps(pieces, tutorial, _roots(course), pictures, notes)
    if not steps:
        return None
    only = pages[0][1] if len(pages) == 1 else None
    said = only.front.get("summary") or only.front.get("description") if only else None
    title = plain_title(course.title or (only and only.title) or words(course.name))
    return Draft(
        title or "Walkthrough",
        plain_title(course.description or said or "") or None,
        sum(piece.part.minutes for piece in pieces) or None,
        steps,
        pictures.files,
    )


def _steps(
    pieces: list[Piece],
    tutorial: Tutorial,
    roots: tuple[str, ...],
    pictures: Pictures,
    notes: Notebook,
) -> tuple[StepContent, ...]:
    taken: set[str] = set()
    steps = []
    for piece in pieces:
        own = notes.of(piece.path)
        scope = LinkScope(piece.path, tutorial, roots)
        lines = convert_links(piece.part.lines, scope, pictures, own)
        text = joined(trimmed(write_as_text(lines, own)))
        if text.strip():
            title = plain_title(piece.title) or "Step"
            stem = NUMBER.sub("", name_of(piece.path))
            step_id = unique_id((title, stem, "step"), taken)
            steps.append(StepContent(step_id, title, text, section=piece.part.section))
    return tuple(steps)


def unique_id(names: tuple[str, ...], taken: set[str]) -> str:
    """Return an id that is not *taken*, of the first name that gives one, and take it."""
    slugs = (slug(name)[:_MAX_ID].strip("-") for name in names)
    base = next((each for each in slugs if len(each) > 1), "step")
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    taken.add(name)
    return name


def _roots(course: Course) -> tuple[str, ...]:
    """Return the folders that links of a site may start from."""
    folder = posixpath.commonpath([posixpath.dirname(ref.path) or "." for ref in course.pages])
    parts = [] if folder == "." else folder.split("/")
    above = ("/".join(parts[:size]) for size in range(len(parts), -1, -1))
    return tuple(posixpath.join(root, own) for root in above for own in ("", "static", "public"))
