"""Work that one process of several does: the others wait, and one goes on when it ends."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

#: How soon another process begins when the one at work has ended.
_LOOK_SECONDS = 0.5


class Turn:
    """A lock on a file, which the system frees when the process that has it ends, however it ends.

    Whoever has it keeps it. Its threads share it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._file: IO[bytes] | None = None

    def waits(self, work: Callable[[threading.Event], None]) -> Callable[[threading.Event], None]:
        """Return *work*, which begins when this process has the turn; never if it is to stop."""

        def work_in_turn(stop: threading.Event) -> None:
            while not self._take():
                if stop.wait(_LOOK_SECONDS):
                    return
            work(stop)

        return work_in_turn

    def _take(self) -> bool:
        """Return whether this process has it now."""
        with self._guard:
            if self._file is not None:
                return True
            try:
                file = self._path.open("ab")
            except OSError:
                # Its folder was swept, as one of temporary files may be. Two at work do no harm.
                return True
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                return False
            self._file = file  # closing it would give the turn away
            return True
