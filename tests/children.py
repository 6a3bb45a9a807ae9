"""Work in a process of its own: one that can be limited, measured and killed."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any


def run_in_child(work: Callable[..., Any], *arguments: Any) -> Any:
    """Return what *work* returns, or raise what it raises; it shares no memory with this process."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["sync.sync_source"])
    with ProcessPoolExecutor(1, mp_context=processes) as pool:
        return pool.submit(work, *arguments).result(240)
