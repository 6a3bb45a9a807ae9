"""Git that goes on without the process that started it, as after a kill of a worker.

How long it may wait for a host is our limit, and is gone with us.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

_log = logging.getLogger(__name__)
_MARK = "HANDRAIL_STARTED_BY"
_SECONDS = 60.0


def mark() -> dict[str, str]:
    """Return what git and the programs that it starts have in their environment, to be known by."""
    return {_MARK: f"{_numbering()} {os.getpid()}"}


class Orphans:
    """Looks for such processes, of any Handrail of this user, and ends them: once a minute."""

    def __init__(self) -> None:
        self._next = 0.0

    def end(self) -> None:
        """Kill those that are there, if it is time to look."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _SECONDS
        for process in _orphans():
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
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            numbering, _, starter = process.environ().get(_MARK, "").rpartition(" ")
            # In another container the same number is another process.
            if starter and numbering == _numbering():
                found[process.pid] = process, int(starter)
    return found


def _starter_of_family(pid: int, marked: Mapping[int, tuple[psutil.Process, int]]) -> int:
    """Return the parent of the oldest process that this one comes from and that has a mark.

    Who has lost its parent gets another one from the system.
    """
    while pid in marked:
        pid = marked[pid][0].ppid()
    return pid


def _numbering() -> str:
    """Return within what a process's number means something; empty if the system does not tell."""
    with suppress(OSError):
        return str(Path("/proc/self/ns/pid").readlink())
    return ""
