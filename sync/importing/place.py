"""Where the walkthroughs of an upload are: it may be a repository, or the folder of one. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import partial

from sync.convert.sources.pages import is_page
from sync.format.text import slug
from sync.layout import (
    MANIFEST,
    MAX_ENTRIES,
    PICTURE_ENDINGS,
    READ_ENDINGS,
    ROOT_FILE,
    WALKTHROUGHS,
    FileData,
    PictureFile,
    Unread,
)
from walkthroughs.content.picture_reader import read_picture
from walkthroughs.content.problems import Problem, Severity


def manifests_of(files: Mapping[str, bytes]) -> list[str]:
    """Return the paths of the manifests of walkthroughs, sorted."""
    return sorted(path for path in files if posixpath.basename(path) == MANIFEST)


def folders_of(
    files: Mapping[str, bytes], manifests: list[str], name: str
) -> Iterator[tuple[str, dict[str, FileData]]]:
    """Yield each walkthrough's folder, as it is in a repository, and its files by path.

    Args:
        files: of the upload.
        manifests: the paths of the manifests among them.
        name: of the upload, for a walkthrough that is all of it.
    """
    taken: set[str] = set()
    owners = {posixpath.dirname(path): path for path in manifests}
    own: dict[str, dict[str, bytes]] = {folder: {} for folder in owners}
    for path, data in files.items():
        if (folder := _owner(path, owners)) is not None:
            own[folder][path] = data
    for folder, inside in own.items():
        called = _unique(posixpath.basename(folder) or slug(name) or "walkthrough", taken)
        new = f"{WALKTHROUGHS}/{called}"
        size = len(folder) + 1 if folder else 0
        if len(inside) > MAX_ENTRIES:
            yield new, {f"{new}/{MANIFEST}": Unread.TOO_MANY}
        else:
            yield (
                new,
                {f"{new}/{path[size:]}": as_read(path, data) for path, data in inside.items()},
            )


def root_file(files: Mapping[str, bytes], manifests: list[str]) -> bytes | None:
    """Return the settings of the repository that the walkthroughs are in, if there are any."""
    roots = {posixpath.dirname(posixpath.dirname(posixpath.dirname(path))) for path in manifests}
    found = [posixpath.join(root, ROOT_FILE) for root in sorted(roots)]
    return next((files[path] for path in found if path in files), None)


def other_pages(files: Mapping[str, bytes], manifests: list[str]) -> list[Problem]:
    """Note Markdown that belongs to no walkthrough."""
    owners = {posixpath.dirname(path): path for path in manifests}
    left = sorted(path for path in files if is_page(path) and _owner(path, owners) is None)
    if not left:
        return []
    more = f", and {len(left) - 1:,} more Markdown files" if len(left) > 1 else ""
    message = f"it belongs to no walkthrough{more}; left out"
    return [Problem(left[0], 1, message, Severity.NOTE)]


def as_read(path: str, data: bytes) -> FileData:
    """Return a file as the reader of a repository has it."""
    if path.lower().endswith(PICTURE_ENDINGS):
        return PictureFile(partial(read_picture, data))
    return data if path.endswith(READ_ENDINGS) else b""


def _owner(path: str, owners: Mapping[str, str]) -> str | None:
    """Return the nearest folder above a file that has a manifest."""
    folder = path
    while folder:
        folder = posixpath.dirname(folder)
        if folder in owners:
            return folder
    return None


def _unique(name: str, taken: set[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken.add(found)
    return found
