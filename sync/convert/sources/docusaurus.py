"""Docusaurus: the folders of `docs`, in the order of front matter, categories, sidebars. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import replace

from sync.convert.front_matter import read_text
from sync.convert.sources.folder import courses_below
from sync.convert.sources.pages import is_page
from sync.convert.values import Course, Notebook, PageRef

_CONFIG = re.compile(r"docusaurus\.config\.\w+")
_SIDEBAR = re.compile(r"sidebars?\.(?:js|ts|cjs|mjs|json)")
_QUOTED = re.compile(r"['\"`]([\w./-]{1,200})['\"`]")


def courses(files: Mapping[str, bytes], name: str, notes: Notebook) -> list[Course]:
    """Return a course for each category of the site, and one for what is in none."""
    configs = sorted(
        (path for path in files if _CONFIG.fullmatch(posixpath.basename(path))), key=_depth
    )
    categories = [path for path in files if posixpath.basename(path).startswith("_category_.")]
    if not configs and not categories:
        return []
    root = _docs(files, posixpath.dirname(configs[0])) if configs else ""
    found = courses_below(files, name, notes, root, is_mdx=True, by_folder=True)
    sidebars = sorted(
        (path for path in files if _SIDEBAR.fullmatch(posixpath.basename(path))), key=_depth
    )
    text = read_text(files[sidebars[0]]) if sidebars else None
    return [_in_sidebar(course, root, text) for course in found] if text else found


def _docs(files: Mapping[str, bytes], site: str) -> str:
    """Return the folder of the pages: beside the site's settings, or beside its folder."""
    for base in (site, posixpath.dirname(site)):
        docs = posixpath.join(base, "docs")
        if any(path.startswith(f"{docs}/") and is_page(path) for path in files):
            return docs
    return site


def _in_sidebar(course: Course, root: str, sidebar: str) -> Course:
    ranks: dict[str, int] = {}
    for name in _QUOTED.findall(sidebar):
        ranks.setdefault(name, len(ranks))

    def rank(ref: PageRef) -> int:
        path = posixpath.relpath(ref.path, root or ".")
        return ranks.get(posixpath.splitext(path)[0], len(ranks))

    return replace(course, pages=tuple(sorted(course.pages, key=rank)))


def _depth(path: str) -> tuple[int, str]:
    return path.count("/"), path
