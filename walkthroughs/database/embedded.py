"""The embedded PostgreSQL: a server from a wheel, its data under our data folder."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg2

from walkthroughs.database import cluster
from walkthroughs.database.leftovers import clear_after_crash, end_server_of_removed
from walkthroughs.database.postmaster import read_address, read_pid
from walkthroughs.settings import Settings

_log = logging.getLogger(__name__)
_ATTEMPTS = 4
#: A server that has crashed may take long to read what it had written last.
_READY_SECONDS = 10.0
#: Another process may be making the cluster, or starting the server after a crash.
_TURN_SECONDS = 30.0


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
    lock, data_dir = _lock_of(data_dir), data_dir.resolve()
    for attempt in range(_ATTEMPTS):
        try:
            return read_address(data_dir) or _start_alone(data_dir, lock)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            # Right after a crash the old server may still hold what the new one needs.
            _log.warning("the embedded PostgreSQL did not start (attempt %d)", attempt + 1)
            cause = error
            time.sleep(0.2 * 2**attempt)
    raise psycopg2.OperationalError(
        f"the embedded PostgreSQL does not start: {_reason(cause, data_dir)}"
    ) from cause


def stop(data_dir: Path) -> bool:
    """Stop the server of *data_dir* if it runs; return whether it did."""
    lock, data_dir = _lock_of(data_dir), data_dir.resolve()
    if read_pid(data_dir) is None:
        return False
    with _one_at_a_time(lock), suppress(psutil.NoSuchProcess):
        if (pid := read_pid(data_dir)) is not None:
            process = psutil.Process(pid)
            # It asks PostgreSQL for a fast shutdown: sessions end, the data is written out.
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)
    return True


def _start_alone(data_dir: Path, lock: Path) -> str:
    with _one_at_a_time(lock):
        clear_after_crash(data_dir)
        if read_pid(data_dir) is None:
            end_server_of_removed(data_dir)
            if not cluster.is_made(data_dir):
                cluster.make(data_dir)
            cluster.start(data_dir)
        return _wait_until_ready(data_dir)


def _lock_of(data_dir: Path) -> Path:
    """Return the file of the turn: in our data folder, also if *data_dir* is a link."""
    return data_dir.parent / f"{data_dir.name}.lock"


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    """Let one caller on this machine start or stop the server at a time.

    Else one could take the lock files of a server that another has just started for those of the
    one that crashed: nobody could reach that server, nor start another beside it, until it missed
    its file after a minute.

    Raises:
        psycopg2.OperationalError: others take too long.
        OSError: the lock cannot be made.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    file = _opened(lock)
    try:
        until = time.monotonic() + _TURN_SECONDS
        while not _locked(file):
            if time.monotonic() > until:
                message = (
                    "another process has been starting the embedded PostgreSQL for a long time"
                )
                raise psycopg2.OperationalError(message)
            time.sleep(0.02)
        yield
    finally:
        os.close(file)  # which releases it; so does a death


def _opened(lock: Path) -> int:
    with suppress(FileExistsError):
        file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        os.fchmod(file, 0o644)  # for another user, who may read it, and lock what they can read
        return file
    try:
        return os.open(lock, os.O_RDWR)
    except PermissionError:
        return os.open(lock, os.O_RDONLY)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_until_ready(data_dir: Path) -> str:
    """Return the address of a server that runs, once it takes connections.

    Raises:
        ProcessLookupError: it has ended meanwhile.
        TimeoutError: it takes too long.
    """
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        if address := read_address(data_dir):
            return address
        if read_pid(data_dir) is None:
            raise ProcessLookupError("it has ended right after it began")
        time.sleep(0.05)
    raise TimeoutError("it has been starting, or stopping, for a long time")


def _reason(error: Exception, data_dir: Path) -> str:
    if not isinstance(error, subprocess.CalledProcessError | subprocess.TimeoutExpired):
        return str(error)
    program, log = Path(error.cmd[0]).name, data_dir / "log"
    if program == "pg_ctl" and log.exists():
        return f"{log} says why"
    return f"what {program} printed above says why"
