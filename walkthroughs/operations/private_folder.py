"""Where copies of the whole database are while a backup is made or restored."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = ".handrail-backup-"
#: No backup takes that long.
_LEFT_SECONDS = 86_400


@contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """Yield a folder for us alone, gone after the block, also if this process is told to end.

    What a killed process has left here before is taken away, a day later.
    """
    for left in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
    with _told_to_end(), tempfile.TemporaryDirectory(dir=parent, prefix=_PREFIX) as folder:
        yield Path(folder)


@contextmanager
def _told_to_end() -> Iterator[None]:
    """Let SIGTERM leave the block as Ctrl-C does. By itself it ends a process on the spot."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
