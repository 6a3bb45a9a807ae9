"""Uploads between the page that shows what is in them and the button that stores it.

Each is a file in the data folder, of one member of one organization, for an hour. Nobody else can
name it, and few of them are kept.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from pathlib import Path

from walkthroughs.whole_files import write_whole

_EXPIRES_SECONDS = 3600
#: Of one member, and of all: the oldest ones make room.
_MAX_OF_ONE, _MAX_BYTES = 3, 512 * 1024 * 1024
_TOKEN = re.compile(r"[0-9a-f]{32}")


def keep(folder: Path, owner: str, data: bytes) -> str:
    """Keep an upload; return the token that its owner reads it by."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    token = secrets.token_hex(16)
    write_whole(_path(folder, owner, token), data)
    _make_room(folder, owner)
    return token


def read(folder: Path, owner: str, token: str) -> bytes | None:
    """Return an upload that the owner has kept; none if there is none, or none any more."""
    if not _TOKEN.fullmatch(token):
        return None
    path = _path(folder, owner, token)
    try:
        is_fresh = time.time() - path.stat().st_mtime < _EXPIRES_SECONDS
        return path.read_bytes() if is_fresh else None
    except FileNotFoundError:
        return None


def forget(folder: Path, owner: str, token: str) -> None:
    """Delete an upload."""
    if _TOKEN.fullmatch(token):
        _path(folder, owner, token).unlink(missing_ok=True)


def _path(folder: Path, owner: str, token: str) -> Path:
    return folder / f"{_prefix(owner)}-{token}"


def _prefix(owner: str) -> str:
    return hashlib.sha256(owner.encode()).hexdigest()[:32]


def _make_room(folder: Path, owner: str) -> None:
    """Delete what has expired, and the oldest ones beyond the limits."""
    own = size = 0
    for path, at, length in sorted(_files(folder), key=lambda each: -each[1]):
        own += path.name.startswith(f"{_prefix(owner)}-")
        size += length
        is_too_many = own > _MAX_OF_ONE and path.name.startswith(f"{_prefix(owner)}-")
        if time.time() - at > _EXPIRES_SECONDS or is_too_many or size > _MAX_BYTES:
            path.unlink(missing_ok=True)


def _files(folder: Path) -> list[tuple[Path, float, int]]:
    found = []
    for path in folder.iterdir():
        try:
            about = path.stat()
        except FileNotFoundError:  # somebody else makes room
            continue
        found.append((path, about.st_mtime, about.st_size))
    return found
