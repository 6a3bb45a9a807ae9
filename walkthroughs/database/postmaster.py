"""The file that PostgreSQL keeps in its folder while it runs, and what it says."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil

#: Its lines, counted from 0.
_SOCKET_LINE, _STATUS_LINE = 4, 7


def read_address(data_dir: Path) -> str | None:
    """Return the address of the server, if one runs and takes connections."""
    if read_pid(data_dir) is None:
        return None
    if _line(data_dir, _STATUS_LINE) != "ready":
        return None
    return f"postgresql://postgres:@/postgres?host={quote(str(read_socket_dir(data_dir)))}"


def read_socket_dir(data_dir: Path) -> Path | None:
    """Return where the server's socket is, or was: its folder may have too long a name for one."""
    stated = _line(data_dir, _SOCKET_LINE)
    return Path(stated) if stated else None


def _line(data_dir: Path, number: int) -> str | None:
    """Return a line of the file that PostgreSQL keeps while it runs, if it is written already."""
    with suppress(OSError, IndexError):
        return (data_dir / "postmaster.pid").read_text().splitlines()[number].strip()
    return None


def read_pid(data_dir: Path) -> int | None:
    """Return the number of the server's process, if it runs.

    A process with that number may be a zombie, or a stranger after a restart of the machine.
    """
    try:
        pid = int((data_dir / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        return pid if alive and str(data_dir) in process.cmdline() else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
