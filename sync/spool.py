"""Texts between reading and storing: in memory while they are few, else in a file of our own."""

from __future__ import annotations

import pickle
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sync.git_command import RepositoryUnavailable
from walkthroughs.content import Authored

#: What an ordinary commit changes stays below this; an import of thousands does not.
_IN_MEMORY_BYTES = 4 * 1024 * 1024


class Spool:
    """Walkthroughs by where they were kept; nobody else can open the file.

    Threads may read at once.
    """

    def __init__(self, file: tempfile.SpooledTemporaryFile[bytes]) -> None:
        self._file = file
        self._reading = threading.Lock()

    def keep(self, authored: Authored) -> int:
        """Take a walkthrough; return where it is.

        Raises:
            RepositoryUnavailable: there is no room for it.
        """
        try:
            at = self._file.seek(0, 2)
            pickle.dump(authored, self._file, pickle.HIGHEST_PROTOCOL)
        except OSError as error:
            raise RepositoryUnavailable(
                f"The repository's texts cannot be kept while they are read: {error.strerror}. "
                "Make room for temporary files; it is tried again."
            ) from error
        return at

    def read(self, at: int) -> Authored:
        """Return the walkthrough that is kept there."""
        with self._reading:
            self._file.seek(at)
            authored: Authored = pickle.load(self._file)  # noqa: S301  what `keep` has written
        return authored


@contextmanager
def spooled() -> Iterator[Spool]:
    """Yield an empty spool; what it holds is gone after the block."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as file:
        yield Spool(file)
