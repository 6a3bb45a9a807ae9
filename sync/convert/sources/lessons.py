"""Lessons of the Carpentries: the episodes that `config.yaml` lists. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from sync.convert.front_matter import read_text
from sync.convert.sources.pages import in_order, lessons_below
from sync.convert.values import Course, Notebook, PageRef

_LIST = re.compile(r"^episodes:[ \t]*\n((?:[ \t]*-[ \t]+[^\n]+\n)+)", re.MULTILINE)
_TITLE = re.compile(r"^title:[ \t]*['\"]?(.+?)['\"]?[ \t]*(?:#.*)?$", re.MULTILINE)


def courses(files: Mapping[str, bytes], name: str, notes: Notebook) -> list[Course]:
    """Return the lesson."""
    text = (
        read_text(files.get("config.yaml", b"")) or read_text(files.get("_config.yml", b"")) or ""
    )
    folder = next((each for each in ("episodes", "_episodes") if lessons_below(files, each)), None)
    if not text or folder is None:
        return []
    listed = _LIST.search(f"{text}\n")
    names = (
        re.findall(r"-[ \t]+['\"]?([^'\"\n]+?)['\"]?[ \t]*$", listed[1], re.MULTILINE)
        if listed
        else []
    )
    paths = [posixpath.join(folder, each) for each in names]
    paths = [path for path in paths if path in files] or in_order(
        files, lessons_below(files, folder), folder
    )
    title = _TITLE.search(text)
    return [
        Course(
            name, tuple(PageRef(path) for path in dict.fromkeys(paths)), title[1] if title else None
        )
    ]
