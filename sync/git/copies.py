"""Where the copies of repositories are, and the keys while git uses them: for us alone."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

#: The folder of a key, or of a repository that is tried, begins so, and goes on with the machine
#: and the process that made it.
_KEY, _TRIAL = "key-", "trial-"
#: Nothing uses such a folder for that long.
_LEFT_SECONDS = 86_400


def copies_folder(data_dir: Path) -> Path:
    """Return the folder of all copies. Make it, or close it to others, if need be."""
    folder = data_dir / "git"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder


def copy_of(data_dir: Path, source_id: str) -> Path:
    """Return where the copy of a source's repository is, or will be."""
    return copies_folder(data_dir) / source_id


@contextmanager
def key_folder(data_dir: Path) -> Iterator[Path]:
    """Yield a folder for a key; it is gone after the block."""
    prefix = f"{_KEY}{_here()}"
    with TemporaryDirectory(prefix=prefix, dir=copies_folder(data_dir)) as folder:
        yield Path(folder)


@contextmanager
def trial_name(data_dir: Path) -> Iterator[str]:
    """Yield a name for a copy that is gone after the block; `copy_of` says where it is."""
    name = f"{_TRIAL}{_here()}{secrets.token_hex(8)}"
    try:
        yield name
    finally:
        delete_copy(data_dir, name)


def delete_copy(data_dir: Path, source_id: str) -> None:
    """Remove the copy of a source's repository; the next fetch makes a new one."""
    shutil.rmtree(copy_of(data_dir, source_id), ignore_errors=True)


def sweep(data_dir: Path, source_ids: Collection[str]) -> None:
    """Remove what killed processes and removed sources have left.

    *source_ids* are those of all sources that there are.
    """
    for folder in copies_folder(data_dir).iterdir():
        if folder.name.startswith((_KEY, _TRIAL)):
            is_left = _has_ended(folder)
        else:
            is_left = folder.name.startswith("src_") and folder.name not in source_ids
        if is_left:
            shutil.rmtree(folder, ignore_errors=True)


def _here() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-"


def _has_ended(folder: Path) -> bool:
    """Return whether the process that made the folder has ended.

    Another one may have its number by now: in a container that was restarted, mostly this one.
    Numbers of another machine or container, which may share the data folder, say nothing.
    """
    host, _, number = folder.name.rpartition("-")[0].partition("-")[2].rpartition("-")
    try:
        made = folder.stat().st_mtime
        if host != socket.gethostname():
            return time.time() - made > _LEFT_SECONDS
        return psutil.Process(int(number)).create_time() > made
    except psutil.NoSuchProcess:
        return True
    except (ValueError, OSError, psutil.Error):
        return False
