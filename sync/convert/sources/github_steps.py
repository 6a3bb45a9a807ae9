"""GitHub Skills: the steps that a workflow shows one after the other. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from sync.convert.page import read_page
from sync.convert.sources.pages import is_page, natural, stem
from sync.convert.values import Course, Notebook, Notes, PageRef


def courses(files: Mapping[str, bytes], name: str, notes: Notebook) -> list[Course]:
    """Return a course for each folder of steps, titled by the README beside `.github`."""
    folders = sorted({posixpath.dirname(path) for path in files if is_page(path)})
    found = []
    for folder in folders:
        if not f"/{folder}".endswith("/.github/steps"):
            continue
        pages = [path for path in files if posixpath.dirname(path) == folder and is_page(path)]
        root = folder.removesuffix(".github/steps").rstrip("/")
        readme = posixpath.join(root, "README.md")
        page = read_page(readme, files[readme], Notes(readme)) if readme in files else None
        if page:
            notes.of(readme).add(1, "left out but for its title")
        refs = tuple(PageRef(path) for path in sorted(pages, key=_place))
        found.append(Course(posixpath.basename(root) or name, refs, page.title if page else None))
    return found


def _place(path: str) -> tuple[bool, list[tuple[int, str]]]:
    """Sort `-welcome` or `0-` first, `x-finish` last."""
    return bool(re.match(r"[xX]-", stem(path))), natural(stem(path))
