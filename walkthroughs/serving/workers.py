"""Processes that serve one address: their parent starts them, and replaces one that has ended."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

from walkthroughs.errors import HandrailError

_log = logging.getLogger(__name__)
_BACKLOG = 2048
#: How long a worker that ended soon is waited for, first and at most, and what is soon.
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS, _SOON_SECONDS = 0.5, 30.0, 10.0
#: What a worker may take to end: what is answered, and git, are given some seconds.
_END_SECONDS = 30.0
_STOPS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Worker:
    """Which worker a process is.

    Attributes:
        number: from 1; the one that takes its place has the same.
        folder: a folder that all workers of this parent share, and nobody else reads.
    """

    number: int
    folder: Path


@dataclass(slots=True)
class _Place:
    """A worker's place: its process, or when the next one starts."""

    worker: Worker
    process: BaseProcess | None = None
    started: float = 0.0
    wait_seconds: float = 0.0


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens there. Connections wait in it while no worker takes them.

    Raises:
        HandrailError: that is not possible.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        message = f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another --port."
        raise HandrailError(message) from error


def run_workers(
    count: int, listening: socket.socket, folder: Path, work: Callable[[Worker], None]
) -> None:
    """Run *work* in *count* processes until this one is asked to stop; then stop them all.

    They are copies of this process: it must have no threads and no open connections. One that ends
    is replaced at once, or after a growing wait if it ended soon. They end when this one is killed.

    Args:
        count: how many there are.
        listening: the socket that they take connections from. It is closed at the end.
        folder: what they share.
        work: serves until SIGTERM.
    """
    woken, wake = os.pipe()
    asked: list[int] = []

    def ask(number: int, _: FrameType | None) -> None:
        asked.append(number)
        os.write(wake, b".")

    places = [_Place(Worker(number, folder)) for number in range(1, count + 1)]
    before = {each: signal.signal(each, ask) for each in _STOPS}
    try:
        while not asked:
            _start_due(places, work)
            alive = [place.process.sentinel for place in places if place.process]
            wait([*alive, woken], _seconds_to_next(places))
            _note_ended(places)
    finally:
        listening.close()  # so that nobody waits in it for a worker that does not come
        _stop_all([place.process for place in places if place.process])
        for each, handler in before.items():
            signal.signal(each, handler)
        os.close(wake)
        os.close(woken)


def _start_due(places: list[_Place], work: Callable[[Worker], None]) -> None:
    now = time.monotonic()
    for place in places:
        if place.process is None and place.started + place.wait_seconds <= now:
            process = get_context("fork").Process(target=_begin, args=(place.worker, work))
            process.start()
            place.process, place.started = process, now


def _seconds_to_next(places: list[_Place]) -> float | None:
    """Return in how many seconds a worker is to be started; none if all are there."""
    due = [place.started + place.wait_seconds for place in places if place.process is None]
    return max(0.0, min(due) - time.monotonic()) if due else None


def _note_ended(places: list[_Place]) -> None:
    now = time.monotonic()
    for place in places:
        process = place.process
        if process is None or process.exitcode is None:
            continue
        if now - place.started >= _SOON_SECONDS:
            place.wait_seconds = 0.0
        else:
            longer = max(_FIRST_WAIT_SECONDS, 2 * place.wait_seconds)
            place.wait_seconds = min(_LONGEST_WAIT_SECONDS, longer)
        _log.error(
            "worker %d (process %s) ended with %d; another one starts in %.1f s",
            place.worker.number,
            process.pid,
            process.exitcode,
            place.wait_seconds,
        )
        process.close()
        place.process, place.started = None, now


def _stop_all(processes: list[BaseProcess]) -> None:
    for process in processes:
        process.terminate()
    until = time.monotonic() + _END_SECONDS
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))
        if process.exitcode is None:
            _log.error("process %s did not end, and is killed", process.pid)
            process.kill()
            process.join()


def _begin(worker: Worker, work: Callable[[Worker], None]) -> None:
    """Be a worker: what the parent does with signals is not for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches all; the parent asks to stop
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    work(worker)


def _end_with_parent() -> None:
    """Stop this process when its parent is no more, which nobody else would."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
