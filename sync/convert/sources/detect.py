"""The format of a tutorial, found by its files. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sync.convert.sources import (
    codelabs,
    docusaurus,
    folder,
    github_steps,
    lessons,
    mdbook,
    mkdocs,
    scenarios,
    tracks,
)
from sync.convert.sources.pages import is_page, is_picture
from sync.convert.values import Course, Notebook, PageRef

Files = Mapping[str, bytes]
#: Most particular first: what one of them does not know, the next one may.
_FORMATS: tuple[tuple[str, Callable[[Files, str, Notebook], list[Course]]], ...] = (
    ("Killercoda or Katacoda scenarios", scenarios.courses),
    ("Instruqt tracks", tracks.courses),
    ("GitHub Skills", github_steps.courses),
    ("Docusaurus", docusaurus.courses),
    ("MkDocs", mkdocs.courses),
    ("mdBook", mdbook.courses),
    ("Carpentries lesson", lessons.courses),
    ("Google codelabs", codelabs.courses),
    ("a folder of Markdown", folder.courses),
)


def find_courses(files: Files, name: str, notes: Notebook) -> tuple[str, list[Course]]:
    """Return what the format is called, and the courses; none if there is no Markdown."""
    pages = [path for path in files if is_page(path)]
    if len(pages) == 1 and all(is_page(path) or is_picture(path) for path in files):
        found = codelabs.courses(files, name, notes)
        course = Course(name, (PageRef(pages[0]),), is_split=True)
        return ("a Google codelab", found) if found else ("a Markdown file", [course])
    for title, courses in _FORMATS:
        found = [course for course in courses(files, name, notes) if course.pages]
        if found:
            return title, found
    return "", []
