"""The file that PostgreSQL keeps in its folder while it runs, and what it says."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import psutil

#: Its lines, counted from 0.
_SOCKET_LINE, _STATUS_LINE = 4, 7


def read_address(data_dir: Path) -> str | None:
    """Return the address of the server, if one runs and takes connections."""
    lines = _lines(data_dir)
    if read_pid(data_dir) is None or len(lines) <= _STATUS_LINE or lines[_STATUS_LINE] != "ready":
        return None
    return f"postgresql://postgres:@/postgres?host={quote(lines[_SOCKET_LINE])}"


def read_socket_dir(data_dir: Path) -> Path | None:
    """Return where the server's socket is, or was: its folder may have too long a name for one."""
    lines = _lines(data_dir)
    return Path(lines[_SOCKET_LINE]) if len(lines) > _SOCKET_LINE else None


def _lines(data_dir: Path) -> list[str]:
    """Return the lines of the file: all of them, some as the server begins, none if it is gone."""
    try:
        return [line.strip() for line in (data_dir / "postmaster.pid").read_text().splitlines()]
    except (OSError, ValueError):
        return []


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
