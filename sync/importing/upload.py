"""The files of an upload: how many there may be, how large, and with which names. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sync.layout import visible_name
from walkthroughs.content.pictures import MAX_PICTURE_BYTES
from walkthroughs.content.problems import Problem, Severity, first_problems
from walkthroughs.errors import HandrailError

#: Of an upload as it is sent, and of all of its files that are read.
MAX_UPLOAD_BYTES, MAX_UNPACKED_BYTES = 32 * 1024 * 1024, 64 * 1024 * 1024
MAX_FILES = 5000
#: What an upload is that needs no conversion.
OWN_FORMAT = "walkthroughs of Handrail"
#: The largest file that matters is a picture.
_MAX_FILE_BYTES = MAX_PICTURE_BYTES
_MAX_PATH, _MAX_DEPTH, _MAX_NOTES = 400, 16, 20
#: What tools and systems keep beside a tutorial.
_LEFT_OUT = frozenset(
    {".git", "node_modules", ".venv", "venv", "target", "__pycache__", "__MACOSX", ".DS_Store",
     "Thumbs.db", "desktop.ini"}
)  # fmt: skip
_DRIVE = re.compile(r"[A-Za-z]:")


class UploadRefused(HandrailError):
    """Nothing of an upload is taken; says why."""


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file of an upload.

    Attributes:
        path: as the upload names it.
        size: in bytes, as the upload says.
        read: returns at most so many bytes.
        is_link: it stands for a file somewhere else.
    """

    path: str
    size: int
    read: Callable[[], bytes]
    is_link: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """What an upload holds.

    Attributes:
        name: of its folder or file: the title of a tutorial that has none.
        files: path -> bytes.
        notes: what was left out or could not be carried over.
        kind: what it was read as.
    """

    name: str
    files: Mapping[str, bytes]
    notes: tuple[Problem, ...] = ()
    kind: str = OWN_FORMAT


def take(name: str, entries: Iterable[UploadedFile]) -> Upload:
    """Return the files that may be content. A folder around all of them is taken off.

    Raises:
        UploadRefused: it is over a limit, or a path leads out of it.
    """
    files: dict[str, bytes] = {}
    notes: list[Problem] = []
    size = count = 0
    for entry in entries:
        count += 1
        if count > MAX_FILES:
            raise too_many_files()
        parts = _parts(entry.path)
        if not parts or not _LEFT_OUT.isdisjoint(parts):
            continue
        path = "/".join(parts)
        if reason := _reason_to_leave_out(entry, path, parts, files):
            notes.append(Problem(_shown(path), 1, reason, Severity.NOTE))
            continue
        size += entry.size
        if size > MAX_UNPACKED_BYTES:
            raise UploadRefused(
                f"The files have more than {MAX_UNPACKED_BYTES // 1024**2} MiB together, unpacked. "
                "Import a part of them, or connect the repository."
            )
        files[path] = entry.read()
    top, files = _without_top_folder(files)
    return Upload(top or name, files, tuple(first_problems(notes, _MAX_NOTES)))


def too_many_files() -> UploadRefused:
    """Return the refusal of an upload with more files than are read."""
    return UploadRefused(
        f"There are more than {MAX_FILES:,} files in it. "
        "Import a part of them, or connect the repository."
    )


def _parts(path: str) -> list[str]:
    """Return the names of a path.

    Raises:
        UploadRefused: it leads out of the upload.
    """
    parts = path.replace("\\", "/").split("/")
    if parts[0] == "" or _DRIVE.match(path) or ".." in parts:
        raise UploadRefused(
            f'It holds the path "{_shown(path)}", which leads out of it. No program packs a folder '
            "like that: do not trust where it came from."
        )
    return [part for part in parts if part not in {"", "."}]


def _reason_to_leave_out(
    entry: UploadedFile, path: str, parts: list[str], files: Mapping[str, bytes]
) -> str | None:
    if entry.is_link:
        return "a link to another file; it was left out"
    if len(path) > _MAX_PATH or len(parts) > _MAX_DEPTH:
        return "its path is too long or too deep; it was left out"
    if any(visible_name(part.encode(errors="surrogateescape")) is None for part in parts):
        return "its name has characters that nobody can see or type; it was left out"
    if path in files:
        return "there are two files of this name; the first one was taken"
    if entry.size > _MAX_FILE_BYTES:
        return f"larger than {_MAX_FILE_BYTES // 1024**2} MiB; it was left out"
    return None


def _shown(path: str) -> str:
    """Return a path as a page can show it."""
    return path[:100].encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _without_top_folder(files: dict[str, bytes]) -> tuple[str, dict[str, bytes]]:
    """Return the name of the folder that all files are in, and them without it."""
    tops = {path.partition("/")[0] for path in files}
    if len(tops) != 1 or any("/" not in path for path in files):
        return "", files
    (top,) = tops
    return top, {path[len(top) + 1 :]: data for path, data in files.items()}
