"""The file that PostgreSQL keeps in its folder while it runs, and what it says."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import psutil

#: Its lines, counted from 0.
_SOCKET_LINE, _STATUS_LINE = 4, 7


def read_pid(data_dir: Path) -> int | None:
    """Return the number of the server's process, if it runs.

    A process with that number may be a zombie, or a stranger after a restart of the machine.
    """
    return _running(data_dir, _lines(data_dir))


def read_address(data_dir: Path) -> str | None:
    """Return the address of the server, if one runs and takes connections."""
    lines = _lines(data_dir)
    is_ready = len(lines) > _STATUS_LINE and lines[_STATUS_LINE] == "ready"
    if not is_ready or _running(data_dir, lines) is None:
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


def _running(data_dir: Path, lines: list[str]) -> int | None:
    try:
        process = psutil.Process(int(lines[0]))
        alive = process.status() != psutil.STATUS_ZOMBIE
        return process.pid if alive and str(data_dir) in process.cmdline() else None
    except (ValueError, IndexError, psutil.Error):
        return None
