"""Servers in processes of their own, so that they share no interpreter with the load."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def process(
    module: str, *arguments: str, environment: dict[str, str] | None = None
) -> Iterator[int]:
    """Run a module until the block ends; yield the number of its process."""
    running = subprocess.Popen([sys.executable, "-m", module, *arguments], env=environment)
    try:
        yield running.pid
    finally:
        running.terminate()
        running.wait(20)


def cpu_seconds(root: int) -> float:
    """Return the CPU that a process and all below it have taken, those that ended too."""
    seconds: dict[int, float] = {}
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        number = int(stat.parent.name)
        with suppress(OSError):  # it ended meanwhile
            fields = stat.read_text().rpartition(")")[2].split()
            parents[number] = int(fields[1])
            ended = sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")
            seconds[number] = time.clock_gettime(_cpu_clock(number)) + ended
    tree = {root}
    while more := {number for number, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return sum(seconds.get(number, 0.0) for number in tree)


def _cpu_clock(number: int) -> int:
    """Return the clock of a process, in nanoseconds, as Linux numbers it; `stat` has 10 ms only."""
    return (~number << 3) | 2


def free_port() -> int:
    """Return a port of loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, seconds: float = 30) -> None:
    """Wait until something listens on *port*, so many seconds at most."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(port)
