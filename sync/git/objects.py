"""Read Git objects by id through `git cat-file`."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from sync.git.errors import ContentInvalid, CopyDamaged
from sync.layout import Unread, visible_name

#: A line of a tree: the mode as Git writes it, the raw name, the id.
Entry = tuple[bytes, bytes, str]
#: The mode and the id of what has a name.
Node = tuple[bytes, str]
FILE_MODES = (b"100644", b"100755")
TREE_MODE = b"40000"
#: A folder with a hundred thousand entries is not one that people write.
MAX_TREE_BYTES = 4 * 1024 * 1024
#: What is read of one commit: a source that has a thousand times the text of a usual one fits.
_MAX_TEXT_BYTES, _MAX_PICTURE_BYTES = 1024**3, 4 * 1024**3
#: So many requests fit into a pipe; more are written by threads, so that git works ahead of us.
_MAX_REQUESTS = 500
_SKIP_BYTES = 64 * 1024


class _Allowance:
    """How many bytes may still be read. The same blob may be asked for any number of times."""

    def __init__(self, most: int, what: str) -> None:
        self._left, self._most, self._what = most, most, what

    def take(self, size: int) -> None:
        """Note that *size* bytes are read.

        Raises:
            ContentInvalid: that is more than may be.
        """
        self._left -= size
        if self._left < 0:
            raise ContentInvalid(
                f"The commit has more than {self._most // 1024**3} GiB of {self._what} in the "
                "content's folder: far more than a content source is read of at once."
            )


class Awaited:
    """Since when git is waited for, in seconds of `time.monotonic`; none if it is not."""

    since: float | None = None


class Objects:
    """Objects of a repository, by running `git cat-file --batch-command --buffer`.

    Args:
        start: starts one more such process; the caller ends it.
        awaited: is kept up to date, so that the caller can end a process that does not answer.
    """

    def __init__(self, start: Callable[[], subprocess.Popen[bytes]], awaited: Awaited) -> None:
        self._start, self._awaited = start, awaited
        self._text = _Allowance(_MAX_TEXT_BYTES, "text")
        self._pictures = _Allowance(_MAX_PICTURE_BYTES, "pictures")
        self._readers = [_Reader(start(), awaited, self._text)]
        self._aside: _Reader | None = None

    def aside(self, name: str, limit: int) -> bytes | Unread | None:
        """Return a blob as `contents` yields them; also while that is read from.

        Raises:
            EOFError: git has ended.
            ContentInvalid: far too much has been read of the commit.
        """
        self._aside = self._aside or _Reader(self._start(), self._awaited, self._pictures)
        self._aside.request([name])
        return self._aside.read_next(limit, b"blob")

    def contents(
        self, names: Sequence[str], limit: int, kind: bytes = b"blob"
    ) -> Iterator[bytes | Unread | None]:
        """Yield each object's bytes: `Unread.TOO_LARGE` beyond *limit*, none if it is not there.

        Raises:
            EOFError: git has ended.
            ContentInvalid: far too much has been read of the commit.
        """
        if len(names) <= _MAX_REQUESTS:
            self._readers[0].request(names)
            yield from (self._readers[0].read_next(limit, kind) for _ in names)
            return
        # Two processes take turns: one alone takes longer to unpack than we to read.
        if len(self._readers) == 1:
            self._readers.append(_Reader(self._start(), self._awaited, self._text))
        for number, reader in enumerate(self._readers):
            threading.Thread(target=reader.request, args=(names[number::2],), daemon=True).start()
        yield from (
            self._readers[number % 2].read_next(limit, kind) for number in range(len(names))
        )


class _Reader:
    """One process."""

    def __init__(
        self, process: subprocess.Popen[bytes], awaited: Awaited, allowance: _Allowance
    ) -> None:
        self._awaited, self._allowance = awaited, allowance
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018
        self._in: IO[bytes] = process.stdin
        self._out: IO[bytes] = process.stdout

    def request(self, names: Sequence[str]) -> None:
        """Request objects; `next` returns them in this order."""
        try:
            self._in.write("".join(f"contents {name}\n" for name in names).encode() + b"flush\n")
            self._in.flush()
        except (BrokenPipeError, ValueError):
            pass  # git has ended, or the reader has closed; `read_next` raises for that

    def read_next(self, limit: int, kind: bytes) -> bytes | Unread | None:
        """Return the bytes of the next object, as `Objects.contents` yields them."""
        self._awaited.since = time.monotonic()
        try:
            return self._read_next(limit, kind)
        finally:
            self._awaited.since = None

    def _read_next(self, limit: int, kind: bytes) -> bytes | Unread | None:
        line = self._out.readline()
        if not line:
            raise EOFError
        if line.endswith(b" missing\n"):  # where `<id> blob 12` was hoped for
            return None
        words = line.split()
        if len(words) != 3 or not words[2].isdigit():
            raise EOFError
        size = int(words[2])
        self._allowance.take(size)
        if size <= limit:
            data = self._read(size + 1)[:-1]
            return data if words[1] == kind else None
        left = size + 1
        while left:
            left -= len(self._read(min(left, _SKIP_BYTES)))
        return Unread.TOO_LARGE if words[1] == kind else None

    def _read(self, size: int) -> bytes:
        data = self._out.read(size)
        if len(data) < size:
            raise EOFError
        return data


def entries_by_name(tree: bytes, id_bytes: int) -> dict[str, Node]:
    """Return the entries of a tree whose names authors would write, by name.

    Raises:
        CopyBroken: it is no tree.
    """
    try:
        lines = parse_tree(tree, id_bytes)
    except ValueError as error:
        raise CopyDamaged("The copy of the repository has a damaged folder.") from error
    return {
        text: (mode, oid) for mode, name, oid in lines if (text := visible_name(name)) is not None
    }


def parse_tree(tree: bytes, id_bytes: int) -> list[Entry]:
    """Return the lines of a tree object; *id_bytes* is 20, or 32 in a SHA-256 repository. Pure.

    Raises:
        ValueError: it is no tree.
    """
    found = re.findall(rb"(\d+) ([^\0]+)\0(.{%d})" % id_bytes, tree, re.DOTALL)
    if sum([len(mode) + len(name) + 2 + id_bytes for mode, name, _ in found]) != len(tree):
        raise ValueError("not a tree")
    return [(mode, name, oid.hex()) for mode, name, oid in found]
