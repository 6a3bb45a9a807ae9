"""Read the content of a folder on this machine."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from sync.format.manifest import read_manifest
from sync.format.parse import Surroundings
from sync.format.text import decode_text
from sync.layout import (
    MANIFEST,
    MAX_FILE_BYTES,
    PICTURE_ENDINGS,
    READ_ENDINGS,
    ROOT_FILE,
    WALKTHROUGHS,
    EntryKind,
    FileData,
    PictureFile,
    Unread,
    visible_name,
)
from walkthroughs.content.limits import MAX_MANIFEST, MAX_STEP
from walkthroughs.content.picture_reader import read_picture
from walkthroughs.content.pictures import MAX_PICTURE_BYTES, Picture
from walkthroughs.content.problems import Problem, Severity

_GIT = ".git"
#: Every assistant that was measured hands its model a step of this size whole; see
#: docs/assistants.md.
_LARGE_STEP_BYTES = 8 * 1024


def size_warnings(files: Mapping[str, FileData]) -> tuple[Problem, ...]:
    """Return what is no mistake but may not reach a learner: steps that assistants cut."""
    steps = (step for path in sorted(files) for step in _listed(path, files))
    return tuple(
        Problem(
            step,
            1,
            f"the step is {_size(files[step]) / 1024:.1f} KiB. "
            "Assistants cut long answers: "
            "Codex in the middle from 12 KiB, Copilot CLI and Qwen Code after the beginning from "
            "24 KiB, Gemini CLI in the middle from 40 KiB, opencode at the end from 52 KiB. "
            "Split it into steps of at most 8 KiB",
            Severity.WARNING,
        )
        for step in steps
        if _size(files.get(step)) > _LARGE_STEP_BYTES
    )


def _size(data: FileData | None) -> int:
    """Return the bytes of a step; none of one that is refused for its size."""
    return len(data) if isinstance(data, bytes) and len(data) <= MAX_STEP else 0


def _listed(path: str, files: Mapping[str, FileData]) -> Iterator[str]:
    """Yield the files of the steps that the manifest at *path* lists, if it is one."""
    folder, name = posixpath.split(path)
    text = decode_text(path, files[path], MAX_MANIFEST, []) if name == MANIFEST else None
    for step in read_manifest(path, text, []).steps if text is not None else ():
        yield posixpath.normpath(posixpath.join(folder, step.file))


def read_folder(folder: Path) -> dict[str, FileData]:
    """Return the content under *folder* as the repository reader would.

    That is the root file and what is below `walkthroughs/`: whatever else lies in the folder is
    not looked at. Links, other repositories inside, and names that no author writes are left out.
    """
    files: dict[str, FileData] = {}
    for entry in sorted(_entries(folder), key=lambda entry: entry.name):
        if entry.name == ROOT_FILE and entry.is_file(follow_symlinks=False):
            files[ROOT_FILE] = _read(entry)
        elif entry.name == WALKTHROUGHS and entry.is_dir(follow_symlinks=False):
            files |= {f"{WALKTHROUGHS}/{name}": data for name, data in _below(entry.path)}
    return files


def read_surroundings(folder: Path) -> Surroundings:
    """Return what stands around the walkthroughs of a folder on this machine."""
    inside = folder / WALKTHROUGHS
    is_folder = inside.is_dir() and not inside.is_symlink()
    found = _kinds(inside) if is_folder else {}
    stray = {name: kind for name, kind in found.items() if kind is not EntryKind.FOLDER}
    return Surroundings(_kinds(folder), stray)


def _kinds(folder: Path) -> dict[str, EntryKind]:
    kinds = {}
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            is_repository = Path(entry.path, _GIT).exists()
            kinds[entry.name] = EntryKind.LINK if is_repository else EntryKind.FOLDER
        else:
            is_file = entry.is_file(follow_symlinks=False)
            kinds[entry.name] = EntryKind.FILE if is_file else EntryKind.LINK
    return kinds


def _below(folder: str) -> Iterator[tuple[str, FileData]]:
    """Yield the path from *folder* and the bytes of each file in it."""
    inside = _entries(folder)
    if any(entry.name == _GIT for entry in inside):
        return  # a repository of its own: in Git, its files are not files of this one
    for entry in sorted(inside, key=lambda entry: entry.name):
        name = visible_name(os.fsencode(entry.name))
        if name is None:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from ((f"{name}/{rest}", data) for rest, data in _below(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield name, _read(entry)


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)


def _read(entry: os.DirEntry[str]) -> FileData:
    """Return a file's bytes: `Unread.TOO_LARGE` when they are, empty for what is not content."""
    if entry.name.lower().endswith(PICTURE_ENDINGS):
        return PictureFile(partial(_picture, Path(entry.path)))
    if not entry.name.endswith(READ_ENDINGS):
        return b""
    large = entry.stat(follow_symlinks=False).st_size > MAX_FILE_BYTES
    return Unread.TOO_LARGE if large else Path(entry.path).read_bytes()


def _picture(path: Path) -> Picture:
    with path.open("rb") as file:
        return read_picture(file.read(MAX_PICTURE_BYTES + 1))
