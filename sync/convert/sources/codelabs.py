"""Google codelabs: Markdown files that begin with lines such as `id: ...`. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from sync.convert.front_matter import front_of
from sync.convert.sources.pages import lessons_below, natural, stem
from sync.convert.values import Course, Notebook, PageRef


def courses(files: Mapping[str, bytes], name: str, notes: Notebook) -> list[Course]:
    """Return a course for each codelab."""
    found = []
    for path in sorted(lessons_below(files, ""), key=natural):
        front = front_of(files[path])
        if "id" in front and {"summary", "categories", "environments", "feedback link"} & set(
            front
        ):
            found.append(Course(front["id"] or stem(path), (PageRef(path),), is_split=True))
    return found
