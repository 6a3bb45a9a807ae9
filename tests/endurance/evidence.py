"""What to read when a learner does not go on: answers, logs, and what the processes wait for."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from tests.endurance.walkers import Walker
from tests.endurance.world import World
from tests.processes import FlaskServe

_LINES = 60


def gather(world: World, walkers: Iterable[Walker]) -> str:
    """Return it as text. The servers end by this: that is how they tell what each thread does."""
    parts = [
        *(f"{each.name}: {each.refusal}" for each in walkers),
        *map(_answers, world.processes),
        *_working_in(world.data / "postgres"),
        _tail(world.data / "postgres" / "log"),
    ]
    for process in world.processes:
        process.process.send_signal(signal.SIGABRT)
        process.process.wait()
        parts.append(_tail(process.log))
    return "\n".join(parts)


def _answers(server: FlaskServe) -> str:
    try:
        answer = httpx.get(f"{server.origin}/readyz", timeout=10)
    except httpx.HTTPError as error:
        return f"{server.origin}: {error!r}"
    return f"{server.origin}: {answer.status_code} {answer.text[:500]}"


def _working_in(folder: Path) -> Iterator[str]:
    """Tell of each process of the database its state and where in the kernel it waits."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.cwd() == str(folder):
                waits = Path(f"/proc/{process.pid}/wchan").read_text()
                title = " ".join(process.cmdline())
                yield f"{process.pid} of {process.ppid()}, {process.status()} in {waits}: {title}"


def _tail(path: Path) -> str:
    lines = path.read_text(errors="replace").splitlines()[-_LINES:] if path.exists() else []
    return "\n".join([f"--- the end of {path.name}", *lines])
