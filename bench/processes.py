"""Servers in processes of their own, so that they share no interpreter with the load."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def process(module: str, *arguments: str) -> Iterator[None]:
    """Run a module of the bench until the block ends."""
    running = subprocess.Popen([sys.executable, "-m", module, *arguments])
    try:
        yield
    finally:
        running.terminate()
        running.wait(20)


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
