"""What runs beside the requests of a process, each in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sync.worker import run_worker
from walkthroughs.database.pool import Database
from walkthroughs.events.announcements import Announced, run_announcements
from walkthroughs.events.mover import run_mover
from walkthroughs.metrics import Metrics
from walkthroughs.settings import Settings


@contextmanager
def running(
    database: Database, settings: Settings, metrics: Metrics, tell: Callable[[Announced], None]
) -> Iterator[None]:
    """Check content sources, move events and hear of changes, until the block is left.

    *tell* is called in a thread with what another process, or this one, has changed. Leaving
    waits until each thread has come to an end.
    """
    stop = threading.Event()
    threads = (
        threading.Thread(
            target=run_worker,
            args=(database, settings, stop, metrics.source_synced),
            name="content-sources",
        ),
        threading.Thread(
            target=run_mover,
            args=(database, settings.event_months, stop, metrics.events_moved),
            name="events",
        ),
        threading.Thread(
            target=run_announcements,
            args=(database, tell, stop, metrics.listens_again),
            name="announcements",
        ),
    )
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
