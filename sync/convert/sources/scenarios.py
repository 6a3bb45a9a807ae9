"""Killercoda and Katacoda: a walkthrough for each `index.json` with steps. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from sync.convert.front_matter import read_text
from sync.convert.sources.pages import natural, read_json
from sync.convert.values import Course, Notebook, PageRef

_SCRIPTS = ("verify", "foreground", "background", "courseData", "code")


def courses(files: Mapping[str, bytes], name: str, notes: Notebook) -> list[Course]:
    """Return the scenarios by the names of their folders."""
    indexes = [path for path in files if posixpath.basename(path) == "index.json"]
    found = []
    for index in sorted(indexes, key=natural):
        said = read_json(read_text(files[index]) or "")
        details = said.get("details")
        if isinstance(details, dict) and isinstance(details.get("steps"), list):
            folder = posixpath.dirname(index)
            pages = tuple(_pages(files, folder, details, notes))
            found.append(
                Course(
                    posixpath.basename(folder) or name,
                    pages,
                    _text(said, "title"),
                    _text(said, "description"),
                )
            )
    return found


def _pages(
    files: Mapping[str, bytes], folder: str, details: Mapping[str, Any], notes: Notebook
) -> Iterator[PageRef]:
    listed = [
        (details.get("intro"), "Introduction"),
        *((step, None) for step in details["steps"]),
        (details.get("finish"), "Finish"),
    ]
    own = notes.of(posixpath.join(folder, "index.json"))
    for step, fallback in listed:
        if not isinstance(step, dict):
            continue
        scripts = [key for key in _SCRIPTS if step.get(key)]
        if scripts:
            own.add(1, f"scripts were left out: {', '.join(scripts)}")
        text = _text(step, "text")
        path = posixpath.normpath(posixpath.join(folder, text)) if text else ""
        if path in files:
            yield PageRef(path, _text(step, "title") or fallback)
        elif text:
            own.add(1, f'"{text[:80]}" is not there')


def _text(said: Mapping[str, Any], key: str) -> str | None:
    value = said.get(key)
    return value.strip() or None if isinstance(value, str) else None
