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
    ticks, parents = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            fields = stat.read_text().rpartition(")")[2].split()
            number = int(stat.parent.name)
            # The parent; then user and system, its own and those of children that ended.
            parents[number], ticks[number] = int(fields[1]), sum(map(int, fields[11:15]))
    tree = {root}
    while more := {number for number, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return sum(ticks.get(number, 0) for number in tree) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a port of loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until something listens on *port*, half a minute at most."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(port)
