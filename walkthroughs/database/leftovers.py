"""What an embedded server that is gone has left: files that name it, and processes of its own."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from walkthroughs.database.postmaster import read_pid, read_socket_dir

_log = logging.getLogger(__name__)
#: A crashed server's children end by themselves, unless one waits for another that is gone.
_ENDED_AFTER_SECONDS = 2.0
_PATIENCE_SECONDS = 5.0
#: It ends for sure, and on a busy machine not at once.
_KILLED_SECONDS = 30.0


def clear_after_crash(data_dir: Path) -> None:
    """Remove lock files whose process is not our server.

    PostgreSQL believes any live process with that number, even a zombie or a
    stranger after a restart of the machine. They go only when none of its
    processes works in the folder any more. A crashed server's children
    do for a moment, which a new server would not start beside.
    """
    locks = list(data_dir.glob("postmaster.pid"))
    for folder in {data_dir, read_socket_dir(data_dir) or data_dir}:
        locks += folder.glob(".s.PGSQL.*.lock")
    if not locks or read_pid(data_dir) is not None:
        return
    began = time.monotonic()
    while left := _working_in(data_dir):
        waited = time.monotonic() - began
        if waited > _PATIENCE_SECONDS:
            return
        if waited > _ENDED_AFTER_SECONDS:
            _end_orphans(left)
        time.sleep(0.05)
    for lock in locks:
        _log.warning("removing %s, left behind by a server that is gone", lock)
        lock.unlink(missing_ok=True)


def _working_in(data_dir: Path) -> list[psutil.Process]:
    """Return PostgreSQL's processes that work in the folder; a shell may, too."""
    found = []
    for process in _of_postgresql():
        with suppress(psutil.Error):
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and process.cwd() == str(data_dir):
                found.append(process)
    return found


def _of_postgresql() -> Iterator[psutil.Process]:
    """Yield PostgreSQL's processes. In other containers, the same name is another folder."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name() == "postgres" and _mount_namespace(process.pid) == _mount_namespace(
                os.getpid()
            ):
                yield process


def _mount_namespace(pid: int) -> str | None:
    """Return which view of the file system a process has; none if the system does not tell."""
    with suppress(OSError):
        return str(Path(f"/proc/{pid}/ns/mnt").readlink())
    return None


def _end_orphans(processes: Sequence[psutil.Process]) -> None:
    """Kill those that a server, which is gone, left behind. Its log has what they committed."""
    for process in processes:
        with suppress(psutil.Error, IndexError):
            parent = process.parent()
            of_a_server = parent is not None and parent.name() == "postgres"
            if process.cmdline()[0].startswith("postgres:") and not of_a_server:
                _log.warning("ending process %d, left behind by a server that is gone", process.pid)
                process.kill()


def end_server_of_removed(data_dir: Path) -> None:
    """End a server whose folder was here and was removed, or moved away.

    It ends by itself within a minute, and takes the socket of the one that is here by then along.

    Raises:
        TimeoutError: it takes too long to end.
    """
    for process in _of_postgresql():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if str(data_dir) in process.cmdline():
                _log.warning("ending the server of a folder that was %s before", data_dir)
                # At once: a checkpoint would write its end into the file of the one that is here.
                process.send_signal(signal.SIGQUIT)
                try:
                    process.wait(timeout=_KILLED_SECONDS)
                except psutil.TimeoutExpired:
                    message = f"the server of a folder that was {data_dir} before does not end"
                    raise TimeoutError(message) from None
