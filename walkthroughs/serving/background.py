"""What runs beside the requests of a process, each in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

#: How long works may take to end by themselves: what is cut short is done again after the start.
_PATIENCE_SECONDS = 30.0


@contextmanager
def running(
    works: Mapping[str, Callable[[threading.Event], None]], hurry: Callable[[], None]
) -> Iterator[None]:
    """Run each of *works*, by the name of its thread, until the block is left.

    Each is given an event, and ends soon after that is set. Leaving waits until all have ended;
    after half a minute *hurry* ends what they wait for.
    """
    stop = threading.Event()
    threads = [
        threading.Thread(target=work, args=(stop,), name=name) for name, work in works.items()
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        until = time.monotonic() + _PATIENCE_SECONDS
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        for thread in threads:
            while thread.is_alive():
                hurry()  # again, since it may begin to wait for something else
                thread.join(1.0)
