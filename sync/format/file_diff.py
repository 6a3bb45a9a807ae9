"""Show changed files as people and `git apply` read them. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sync.layout import PICTURE_ENDINGS, FileData

#: Comparing takes the square of this, at worst; what is longer is shown as replaced.
_MAX_LINES = 3000
_MAX_CHARACTERS = 512 * 1024


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What changes in the file at *path*, as a unified diff."""

    path: str
    text: str


def diff_files(
    files: Mapping[str, FileData], changes: Mapping[str, bytes | None]
) -> tuple[FileDiff, ...]:
    """Return what the *changes* (none: removed) do to *files*, by path.

    After half a MiB, files are only named.
    """
    shown: list[FileDiff] = []
    size = 0
    for path, after in sorted(changes.items()):
        text = _diff(path, files.get(path), after, is_named=size > _MAX_CHARACTERS)
        shown.append(FileDiff(path, text))
        size += len(text)
    return tuple(shown)


def as_text(files: tuple[FileDiff, ...]) -> str:
    """Return the diffs of all files as one."""
    return "".join(each.text for each in files)


def _diff(path: str, before: FileData | None, after: bytes | None, *, is_named: bool) -> str:
    """Return the diff of one file; if it *is_named* only, or is no text, a line."""
    old = f"a/{path}" if before is not None else "/dev/null"
    new = f"b/{path}" if after is not None else "/dev/null"
    is_picture = path.lower().endswith(PICTURE_ENDINGS)
    first, second = _lines(before), _lines(after)
    if is_named or is_picture or first is None or second is None:
        return f"Files {old} and {new} differ\n"
    if max(len(first), len(second)) > _MAX_LINES:
        return "".join([f"--- {old}\n", f"+++ {new}\n", *_replaced(first, second)])
    return "".join(difflib.unified_diff(first, second, old, new))


def _lines(data: FileData | None) -> list[str] | None:
    """Return the lines of a text; none if it is no text."""
    if data is None:
        return []
    if not isinstance(data, bytes):
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return [f"{line}\n" for line in text.removesuffix("\n").split("\n")] if text else []


def _replaced(first: list[str], second: list[str]) -> Iterator[str]:
    yield f"@@ -{min(1, len(first))},{len(first)} +{min(1, len(second))},{len(second)} @@\n"
    yield from (f"-{line}" for line in first)
    yield from (f"+{line}" for line in second)
