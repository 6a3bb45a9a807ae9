"""Show changed files as people and `git apply` read them. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from sync.layout import FileData

#: Comparing takes the square of this, at worst; what is longer is shown as replaced.
_MAX_LINES = 3000


def diff_files(files: Mapping[str, FileData], changes: Mapping[str, bytes | None]) -> str:
    """Return a unified diff of what the *changes* (none: removed) do to *files*, by path."""
    lines: list[str] = []
    for path, after in sorted(changes.items()):
        before = files.get(path)
        old = f"a/{path}" if before is not None else "/dev/null"
        new = f"b/{path}" if after is not None else "/dev/null"
        first, second = _lines(before), _lines(after)
        if first is None or second is None:
            lines.append(f"Binary files {old} and {new} differ\n")
        elif max(len(first), len(second)) > _MAX_LINES:
            lines += [f"--- {old}\n", f"+++ {new}\n", *_replaced(first, second)]
        else:
            lines += difflib.unified_diff(first, second, old, new)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


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
