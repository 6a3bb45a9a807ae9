"""Instruqt: a walkthrough for each track, a step for each challenge. Pure."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Mapping

from sync.convert.front_matter import front_of, read_text, yaml_texts
from sync.convert.sources.pages import natural
from sync.convert.values import Course, Notebook, Notes, PageRef


def courses(files: Mapping[str, bytes], name: str, notes: Notebook) -> list[Course]:
    """Return the folders that hold challenges, folders with an assignment.md with front matter."""
    tracks: dict[str, list[str]] = defaultdict(list)
    for path in files:
        is_named_so = posixpath.basename(path) == "assignment.md" and "/" in path
        if is_named_so and front_of(files[path]):  # each challenge has some; other pages may not
            tracks[posixpath.dirname(posixpath.dirname(path))].append(path)
    return [
        _course(files, name, folder, tracks[folder], notes)
        for folder in sorted(tracks, key=natural)
    ]


def _course(
    files: Mapping[str, bytes], name: str, folder: str, pages: list[str], notes: Notebook
) -> Course:
    track = posixpath.join(folder, "track.yml")
    said = yaml_texts(read_text(files[track]) or "", Notes(track)) if track in files else {}
    own = {posixpath.dirname(page) for page in pages}
    scripts = sum(
        posixpath.dirname(path) in own and posixpath.basename(path).startswith(("check-", "solve-"))
        for path in files
    )
    if scripts:
        notes.of(track).add(1, f"{scripts} scripts that check or solve challenges were left out")
    refs = tuple(PageRef(path) for path in sorted(pages, key=natural))
    return Course(posixpath.basename(folder) or name, refs, said.get("title"), said.get("teaser"))
