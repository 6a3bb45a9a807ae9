"""What runs beside the requests of a process, each in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def running(works: Mapping[str, Callable[[threading.Event], None]]) -> Iterator[None]:
    """Run each of *works*, by the name of its thread, until the block is left.

    Each is given an event, and ends soon after that is set. Leaving waits until all have ended.
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
        for thread in threads:
            thread.join()
