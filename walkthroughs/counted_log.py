"""A line of the log that may come very often: written at once, then once a minute with a count."""

from __future__ import annotations

import logging
import threading
import time

#: How often one line is written.
SECONDS = 60.0


class CountedLog:
    """Writes lines to *log*. Safe for threads."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._lock = threading.Lock()
        #: By kind: when a line was written, and how many came since.
        self._written: dict[str, tuple[float, int]] = {}

    def write(self, level: int, kind: str, line: str) -> None:
        """Write *line*, unless one of its kind was within the last minute: then count it.

        Args:
            level: of `logging`.
            kind: what lines have in common that need not be written twice; one of a few.
            line: the whole line.
        """
        with self._lock:
            now = time.monotonic()
            at, count = self._written.get(kind, (float("-inf"), 0))
            if now - at < SECONDS:
                self._written[kind] = at, count + 1
                return
            self._written[kind] = now, 0
        self._log.log(level, "%s%s", line, f" ({count} more since the last line)" if count else "")
