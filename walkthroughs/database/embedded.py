"""The embedded PostgreSQL: a server from a wheel, its data under our data folder."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2

from walkthroughs.database import cluster
from walkthroughs.settings import Settings

_log = logging.getLogger(__name__)
_ATTEMPTS = 4
#: A crashed server's children end by themselves, unless one waits for another that is gone.
_ENDED_AFTER_SECONDS = 2.0
_PATIENCE_SECONDS = 5.0
#: A server that has crashed may take long to read what it had written last.
_READY_SECONDS = 10.0
#: Another process may be making the cluster, or starting the server after a crash.
_TURN_SECONDS = 30.0
#: Where the file that PostgreSQL keeps while it runs says these.
_SOCKET_LINE, _STATUS_LINE = 4, 7


def database_url(settings: Settings) -> str:
    """Return the address of the database; starts the embedded server if none is set."""
    return settings.database_url or start(settings.data_dir / "postgres")


def start(data_dir: Path) -> str:
    """Start the server on *data_dir*, or attach to the one that runs there; return its address.

    The first start makes the cluster (about a second). The server outlives this
    process, so that commands and the web server share it; `stop` ends it.

    Raises:
        psycopg2.OperationalError: it does not start, as for any server that is away.
    """
    data_dir = data_dir.resolve()
    for attempt in range(_ATTEMPTS):
        try:
            return _address(data_dir) or _start_alone(data_dir)
        except (OSError, subprocess.SubprocessError) as error:
            # Right after a crash the old server may still hold what the new one needs.
            _log.warning("the embedded PostgreSQL did not start (attempt %d)", attempt + 1)
            cause = error
            time.sleep(0.2 * 2**attempt)
    raise psycopg2.OperationalError(
        f"the embedded PostgreSQL does not start: {_reason(cause, data_dir)}"
    ) from cause


def stop(data_dir: Path) -> bool:
    """Stop the server of *data_dir* if it runs; return whether it did."""
    data_dir = data_dir.resolve()
    if _server_pid(data_dir) is None:
        return False
    with _one_at_a_time(data_dir), suppress(psutil.NoSuchProcess):
        if (pid := _server_pid(data_dir)) is not None:
            process = psutil.Process(pid)
            # It asks PostgreSQL for a fast shutdown: sessions end, the data is written out.
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)
    return True


def _start_alone(data_dir: Path) -> str:
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(data_dir):
        _clear_after_crash(data_dir)
        if _server_pid(data_dir) is None:
            if not cluster.is_made(data_dir):
                cluster.make(data_dir)
            cluster.start(data_dir)
        return _wait_until_ready(data_dir)


@contextmanager
def _one_at_a_time(data_dir: Path) -> Iterator[None]:
    """Let one caller on this machine start or stop the server at a time.

    Else one could take the lock files of a server that another has just started for those of the
    one that crashed: nobody could reach that server, nor start another beside it, until it missed
    its file after a minute.

    Raises:
        TimeoutError: others take too long.
    """
    # Not opened for writing: another user may have made it.
    file = os.open(data_dir.with_name(f"{data_dir.name}.lock"), os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        until = time.monotonic() + _TURN_SECONDS
        while not _locked(file):
            if time.monotonic() > until:
                raise TimeoutError("another process has been starting it for long")
            time.sleep(0.02)
        yield
    finally:
        os.close(file)  # which releases it; so does a death


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _clear_after_crash(data_dir: Path) -> None:
    """Remove lock files whose process is not our server.

    PostgreSQL believes any live process with that number, even a zombie or a
    stranger after a restart of the machine. They go only when none of its
    processes works in the folder any more. A crashed server's children
    do for a moment, which a new server would not start beside.
    """
    locks = [data_dir / "postmaster.pid", *data_dir.glob(".s.PGSQL.*.lock")]
    if not any(map(Path.exists, locks)) or _server_pid(data_dir) is not None:
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
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and process.name() == "postgres" and process.cwd() == str(data_dir):
                found.append(process)
    return found


def _end_orphans(processes: Sequence[psutil.Process]) -> None:
    """Kill those that a server, which is gone, left behind. Its log has what they committed."""
    for process in processes:
        with suppress(psutil.Error, IndexError):
            parent = process.parent()
            of_a_server = parent is not None and parent.name() == "postgres"
            if process.cmdline()[0].startswith("postgres:") and not of_a_server:
                _log.warning("ending process %d, left behind by a server that is gone", process.pid)
                process.kill()


def _wait_until_ready(data_dir: Path) -> str:
    """Return the address of a server that runs, once it takes connections.

    Raises:
        ProcessLookupError: it has ended meanwhile.
        TimeoutError: it takes too long.
    """
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        if address := _address(data_dir):
            return address
        if _server_pid(data_dir) is None:
            raise ProcessLookupError("it has ended right after it began")
        time.sleep(0.05)
    raise TimeoutError("it has been starting, or stopping, for long")


def _address(data_dir: Path) -> str | None:
    """Return the address of the server, if one runs and takes connections."""
    if _server_pid(data_dir) is None:
        return None
    with suppress(OSError, IndexError):
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
        if lines[_STATUS_LINE].strip() == "ready":
            return f"postgresql://postgres:@/postgres?host={quote(lines[_SOCKET_LINE])}"
    return None


def _server_pid(data_dir: Path) -> int | None:
    try:
        pid = int((data_dir / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        return pid if alive and str(data_dir) in process.cmdline() else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _reason(error: Exception, data_dir: Path) -> str:
    if isinstance(error, OSError):
        return str(error)
    log = data_dir / "log"
    return f"{log} says why" if log.exists() else "what initdb printed above says why"
