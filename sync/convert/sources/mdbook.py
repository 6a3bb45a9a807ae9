"""mdBook: the chapters of SUMMARY.md, a walkthrough for each of its parts. Pure."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Mapping

from sync.convert.front_matter import read_text
from sync.convert.titles import plain_title
from sync.convert.values import Course, Notebook, PageRef

_CHAPTER = re.compile(
    r"(?P<indent>[ \t]*)(?:[-*+][ \t]+)?\[(?P<title>(?:[^\[\]]|\[[^\[\]]*\])++)\]"
    r"\(<?(?P<path>[^()<>]*)>?\)[ \t]*"
)
_PART = re.compile(r"#+[ \t]+(?P<title>.*)")


def courses(files: Mapping[str, bytes], name: str, notes: Notebook) -> list[Course]:
    """Return the parts of each book; a book without parts is one course."""
    books = [posixpath.dirname(path) for path in files if posixpath.basename(path) == "book.toml"]
    found = []
    for book in sorted(books):
        settings = _settings(read_text(files[posixpath.join(book, "book.toml")]) or "")
        source = posixpath.normpath(posixpath.join(book, str(settings.get("src", "src"))))
        own = name if not book else posixpath.basename(book)
        found += _book(files, own, source, settings, is_alone=len(books) == 1)
    if books:
        return found
    summaries = [path for path in files if posixpath.basename(path) == "SUMMARY.md"]
    return [
        course
        for path in sorted(summaries)
        for course in _book(
            files, name, posixpath.dirname(path) or ".", {}, is_alone=len(summaries) == 1
        )
    ]


def _settings(text: str) -> dict[str, object]:
    try:
        book = tomllib.loads(text).get("book")
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
    return book if isinstance(book, dict) else {}


def _book(
    files: Mapping[str, bytes],
    name: str,
    source: str,
    settings: Mapping[str, object],
    *,
    is_alone: bool,
) -> list[Course]:
    text = read_text(files.get(posixpath.normpath(posixpath.join(source, "SUMMARY.md")), b"")) or ""
    title = settings.get("title")
    parts: list[tuple[str | None, list[PageRef]]] = [(None, [])]
    chapter: str | None = None
    for at, line in enumerate(text.split("\n")):
        part = _PART.fullmatch(line)
        found = _CHAPTER.fullmatch(line)
        if (
            part
            and at
            and plain_title(part["title"]).lower() not in {"summary", "table of contents"}
        ):
            parts.append((plain_title(part["title"]), []))
        if found is None:
            continue
        said = plain_title(found["title"])
        chapter = chapter if found["indent"] else said
        path = posixpath.normpath(posixpath.join(source, found["path"]))
        if found["path"] and path in files:
            parts[-1][1].append(PageRef(path, said, chapter))
    parts = [(said, pages) for said, pages in parts if pages]
    book = str(title) if isinstance(title, str) else None
    if len(parts) > 1 and len(parts[0][1]) < 3 and parts[0][0] is None:
        parts = [(parts[1][0], parts[0][1] + parts[1][1]), *parts[2:]]
    return [
        Course(name, _grouped(pages), said if said and len(parts) > 1 else book)
        for said, pages in parts
    ]


def _grouped(pages: list[PageRef]) -> tuple[PageRef, ...]:
    """Return the pages without a section where it would hold one page alone."""
    counts: dict[str | None, int] = {}
    for page in pages:
        counts[page.section] = counts.get(page.section, 0) + 1
    return tuple(
        page if counts[page.section] > 1 else PageRef(page.path, page.title) for page in pages
    )
