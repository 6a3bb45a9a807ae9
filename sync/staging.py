"""Keep parsed texts until they are written: up to 4 MiB in memory, then in a temporary file."""

from __future__ import annotations

import pickle
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from walkthroughs.content.values import AuthoredWalkthrough

#: What an ordinary commit changes stays below this; an import of thousands does not.
_IN_MEMORY_BYTES = 4 * 1024 * 1024


class Staging:
    """Walkthroughs by their position in a file that no other process can open.

    Threads may use it at once.
    """

    def __init__(self, file: tempfile.SpooledTemporaryFile[bytes]) -> None:
        self._file = file
        self._lock = threading.Lock()

    def add(self, authored: AuthoredWalkthrough) -> int:
        """Take a walkthrough; return where it is.

        Raises:
            OSError: there is no room for it.
        """
        with self._lock:
            at = self._file.seek(0, 2)
            pickle.dump(authored, self._file, pickle.HIGHEST_PROTOCOL)
        return at

    def read(self, at: int) -> AuthoredWalkthrough:
        """Return the walkthrough that is kept there."""
        with self._lock:
            self._file.seek(at)
            authored: AuthoredWalkthrough = pickle.load(self._file)  # noqa: S301  what `add` has written
        return authored


@contextmanager
def open_staging() -> Iterator[Staging]:
    """Yield an empty staging area; what it holds is gone after the block."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as file:
        yield Staging(file)
