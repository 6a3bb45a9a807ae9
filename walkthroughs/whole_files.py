"""Files that are there whole or not at all, whatever ends the process that writes them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def whole_file(path: Path, *, replaces: bool = True) -> Iterator[IO[bytes]]:
    """Yield a file to write, open to its owner alone. It is at *path* once the block ends well.

    One that is there already is replaced, or left as it is: another process may have made it.

    Raises:
        OSError: it cannot be written, as on a full disk. What is there stays.
    """
    number, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with open(number, "wb") as file:  # noqa: PTH123  a file that is open already
            yield file
            file.flush()
            os.fsync(number)
        if replaces:
            Path(unfinished).replace(path)
        else:
            with suppress(FileExistsError):
                path.hardlink_to(unfinished)
    finally:
        Path(unfinished).unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)  # what has which name is in there
    try:
        with suppress(OSError):  # not every file system can
            os.fsync(folder)
    finally:
        os.close(folder)


def write_whole(path: Path, content: bytes, *, replaces: bool = True) -> None:
    """Write *content* to a `whole_file`."""
    with whole_file(path, replaces=replaces) as file:
        file.write(content)
