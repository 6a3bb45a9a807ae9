"""Git's objects, read by id through one process: trees to names, blobs to bytes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from sync.step_file import TOO_LARGE

#: So many requests fit into a pipe, so that neither side waits for the other.
_AT_ONCE = 500
_SKIP_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a tree: the mode as Git writes it, the raw name, the id."""

    mode: bytes
    name: bytes
    oid: str


class Objects:
    """A running `git cat-file --batch-command --buffer`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018
        self._in: IO[bytes] = process.stdin
        self._out: IO[bytes] = process.stdout

    def contents(self, names: Sequence[str], limit: int) -> Iterator[bytes | None]:
        """Yield each object's bytes: `TOO_LARGE` beyond *limit*, none for one that is not there.

        Raises:
            EOFError: git has ended.
        """
        for at in range(0, len(names), _AT_ONCE):
            some = names[at : at + _AT_ONCE]
            self._in.write("".join(f"contents {name}\n" for name in some).encode() + b"flush\n")
            self._in.flush()
            for _ in some:
                yield self._next(limit)

    def _next(self, limit: int) -> bytes | None:
        line = self._out.readline()
        if not line:
            raise EOFError
        words = line.split()
        if len(words) != 3:  # `<name> missing`, where `<id> blob 12` was hoped for
            return None
        size = int(words[2])
        if size <= limit:
            return self._read(size + 1)[:-1]
        left = size + 1
        while left:
            left -= len(self._read(min(left, _SKIP_BYTES)))
        return TOO_LARGE

    def _read(self, size: int) -> bytes:
        data = self._out.read(size)
        if len(data) < size:
            raise EOFError
        return data


def entries(tree: bytes, id_bytes: int) -> Iterator[Entry]:
    """Yield the lines of a tree object; *id_bytes* is 20, or 32 in a SHA-256 repository. Pure."""
    at = 0
    while at < len(tree):
        space = tree.index(b" ", at)
        end = tree.index(b"\0", space)
        after = end + 1 + id_bytes
        yield Entry(tree[at:space], tree[space + 1 : end], tree[end + 1 : after].hex())
        at = after
