"""Check a folder of content as a sync would, with no database and no Git."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sync.names import READ_ENDINGS, ROOT_FILE, WALKTHROUGHS, plain
from sync.parse import parse_repository
from sync.step_file import MAX_STEP_BYTES, TOO_LARGE
from walkthroughs.errors import Problem

_GIT = ".git"


def lint(folder: Path) -> tuple[Problem, ...]:
    """Return every problem of the content under *folder*, in file order."""
    return parse_repository(read_folder(folder)).problems


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the content under *folder* as the repository reader would.

    That is the root file and what is below `walkthroughs/`: whatever else lies in the folder is
    not looked at. Links, other repositories inside, and names that no author writes are left out.
    """
    files: dict[str, bytes] = {}
    for entry in sorted(_entries(folder), key=lambda entry: entry.name):
        if entry.name == ROOT_FILE and entry.is_file(follow_symlinks=False):
            files[ROOT_FILE] = _read(entry)
        elif entry.name == WALKTHROUGHS and entry.is_dir(follow_symlinks=False):
            files |= {f"{WALKTHROUGHS}/{name}": data for name, data in _below(entry.path)}
    return files


def _below(folder: str) -> Iterator[tuple[str, bytes]]:
    """Yield the path from *folder* and the bytes of each file in it."""
    inside = _entries(folder)
    if any(entry.name == _GIT for entry in inside):
        return  # a repository of its own: in Git, its files are not files of this one
    for entry in sorted(inside, key=lambda entry: entry.name):
        name = plain(os.fsencode(entry.name))
        if name is None:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from ((f"{name}/{rest}", data) for rest, data in _below(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield name, _read(entry)


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)


def _read(entry: os.DirEntry[str]) -> bytes:
    """Return a file's bytes: `TOO_LARGE` when they are, empty for what is not content."""
    if not entry.name.endswith(READ_ENDINGS):
        return b""
    large = entry.stat(follow_symlinks=False).st_size > MAX_STEP_BYTES
    return TOO_LARGE if large else Path(entry.path).read_bytes()
