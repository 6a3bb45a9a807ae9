"""Read Git objects by id through `git cat-file`."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO, TypeVar

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
#: So many readings of a picture that was read before count as one: walkthroughs share pictures.
_AGAIN = 10
#: So many requests fit into a pipe; more are written by threads, so that git works ahead of us.
_MAX_REQUESTS = 500
R = TypeVar("R")


class _Allowance:
    """How many bytes may still be read. The same blob may be asked for any number of times."""

    def __init__(self, most: int, what: str, again: int = 1) -> None:
        self._left, self._most, self._what, self._again = most, most, what, again
        self._seen: set[bytes] = set()

    def take(self, oid: bytes, size: int) -> None:
        """Note that a blob of this *size* is read.

        Raises:
            ContentInvalid: that is more than may be.
        """
        self._left -= size // self._again if oid in self._seen else size
        if self._again > 1:
            self._seen.add(oid)
        if self._left < 0:
            raise ContentInvalid(
                f"The commit has more than {self._most // 1024**3} GiB of {self._what} in the "
                "content's folder: far more than a content source is read of at once. "
                "Split the repository, or let several sources read several folders of it."
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
        self._pictures = _Allowance(_MAX_PICTURE_BYTES, "pictures", _AGAIN)
        self._readers = [_Reader(start(), awaited)]
        self._aside: _Reader | None = None

    def aside(self, name: str, limit: int) -> bytes | Unread | None:
        """Return a blob as `contents` yields them; also while that is read from.

        Raises:
            EOFError: git has ended.
            ContentInvalid: far too much has been read of the commit.
        """
        self._aside = self._aside or _Reader(self._start(), self._awaited)
        (found,) = self._aside.look([name], limit, b"blob", self._pictures)
        if not isinstance(found, int):
            return found
        self._aside.request("contents", [name])
        return self._aside.read_next()

    def contents(
        self, names: Sequence[str], limit: int, kind: bytes = b"blob"
    ) -> Iterator[bytes | Unread | None]:
        """Yield each object's bytes: `Unread.TOO_LARGE` beyond *limit*, none if it is not there.

        What is too large is not read, and counts for nothing.

        Raises:
            EOFError: git has ended.
            ContentInvalid: far too much has been read of the commit.
        """
        found = self._readers[0].look(names, limit, kind, self._text)
        to_read = [name for name, each in zip(names, found, strict=True) if isinstance(each, int)]
        read = self._read(to_read)
        for each in found:
            yield next(read) if isinstance(each, int) else each

    def _read(self, names: Sequence[str]) -> Iterator[bytes]:
        if len(names) <= _MAX_REQUESTS:
            self._readers[0].request("contents", names)
            yield from (self._readers[0].read_next() for _ in names)
            return
        # Two processes take turns: one alone takes longer to unpack than we to read.
        if len(self._readers) == 1:
            self._readers.append(_Reader(self._start(), self._awaited))
        for number, reader in enumerate(self._readers):
            reader.request("contents", names[number::2])
        yield from (self._readers[number % 2].read_next() for number in range(len(names)))


class _Reader:
    """One process."""

    def __init__(self, process: subprocess.Popen[bytes], awaited: Awaited) -> None:
        self._awaited = awaited
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018
        self._in: IO[bytes] = process.stdin
        self._out: IO[bytes] = process.stdout

    def request(self, command: str, names: Sequence[str]) -> None:
        """Request `contents` or `info` of objects; they are answered in this order."""
        lines = "".join(f"{command} {name}\n" for name in names).encode() + b"flush\n"
        if len(names) <= _MAX_REQUESTS:
            self._write(lines)
        else:
            threading.Thread(target=self._write, args=(lines,), daemon=True).start()

    def _write(self, lines: bytes) -> None:
        try:
            self._in.write(lines)
            self._in.flush()
        except (BrokenPipeError, ValueError):
            pass  # git has ended, or the reader has closed; who reads raises for that

    def look(
        self, names: Sequence[str], limit: int, kind: bytes, allowance: _Allowance
    ) -> list[int | Unread | None]:
        """Return for each object its size, or why `Objects.contents` yields no bytes of it.

        The sizes are taken from the allowance.
        """
        self.request("info", names)
        found: list[int | Unread | None] = []
        for _ in names:
            head = self._timed(self._head)
            if head is None or head[1] != kind:
                found.append(None)
                continue
            oid, _, size = head
            if size > limit:
                found.append(Unread.TOO_LARGE)
                continue
            allowance.take(oid, size)
            found.append(size)
        return found

    def read_next(self) -> bytes:
        """Return the bytes of the next object of which `contents` were requested."""
        return self._timed(self._object)

    def _timed(self, read: Callable[[], R]) -> R:
        self._awaited.since = time.monotonic()
        try:
            return read()
        finally:
            self._awaited.since = None

    def _object(self) -> bytes:
        head = self._head()
        if head is None:  # it was there a moment ago
            raise EOFError
        data = self._out.read(head[2] + 1)
        if len(data) <= head[2]:
            raise EOFError
        return data[:-1]

    def _head(self) -> tuple[bytes, bytes, int] | None:
        """Return the id, the kind and the size of the next object; none if it is not there."""
        line = self._out.readline()
        if not line:
            raise EOFError
        if line.endswith(b" missing\n"):  # where `<id> blob 12` was hoped for
            return None
        words = line.split()
        if len(words) != 3 or not words[2].isdigit():
            raise EOFError
        return words[0], words[1], int(words[2])


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
