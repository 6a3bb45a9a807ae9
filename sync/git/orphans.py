"""Git that goes on without the process that started it, as after a kill of a worker.

How long it may wait for a host is our limit, and is gone with us.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import suppress

import psutil

from sync.git.command import STARTED_BY, own_mark

_log = logging.getLogger(__name__)
_SECONDS = 60.0


class Orphans:
    """Looks for such processes, of any Handrail of this user, and ends them: once a minute.

    A system that does not tell of its processes, such as one without `/proc`, is told of once.
    """

    def __init__(self) -> None:
        self._next, self._cannot_look = 0.0, False

    def end(self) -> None:
        """Kill those that are there, if it is time to look."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _SECONDS
        try:
            found = _orphans()
        except (OSError, psutil.Error) as error:
            if not self._cannot_look:
                _log.info("git of processes that are gone is not looked for: %s", error)
            self._cannot_look = True
            return
        for process in found:
            with suppress(psutil.Error):
                _log.warning("ending process %d, git of a process that is gone", process.pid)
                process.kill()


def _orphans() -> list[psutil.Process]:
    marked, found = _marked(), []
    for process, starter in marked.values():
        with suppress(psutil.Error):
            if _starter_of_family(process.pid, marked) != starter:
                found.append(process)
    return found


def _marked() -> dict[int, tuple[psutil.Process, int]]:
    """Return the processes that have a mark, and who it says has started them."""
    found = {}
    here = own_mark().partition(" ")[0]
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            numbering, _, starter = process.environ().get(STARTED_BY, "").rpartition(" ")
            # In another container the same number is another process.
            if starter and numbering == here:
                found[process.pid] = process, int(starter)
    return found


def _starter_of_family(pid: int, marked: Mapping[int, tuple[psutil.Process, int]]) -> int:
    """Return the parent of the oldest process that this one comes from and that has a mark.

    Who has lost its parent gets another one from the system.
    """
    while pid in marked:
        pid = marked[pid][0].ppid()
    return pid
