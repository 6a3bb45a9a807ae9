"""A proposal's turn at the repository: nobody else works on it, and it ends in bounded time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sync.git.errors import Stopped
from sync.proposals.errors import ProposalLate
from sync.queue import claim
from walkthroughs.database.pool import Database

#: How long a proposal waits for a run of its source that is under way.
_WAIT_SECONDS = 10.0
_TICK_SECONDS = 0.25


@contextmanager
def stopped_after(seconds: float | None) -> Iterator[threading.Event | None]:
    """Yield what stops git once *seconds* are over; none if it has its own limits only.

    Raises:
        ProposalLate: they were over.
    """
    if seconds is None:
        yield None
        return
    stop = threading.Event()
    timer = threading.Timer(seconds, stop.set)
    timer.daemon = True
    timer.start()
    try:
        yield stop
    except Stopped as error:
        raise ProposalLate(
            f"The repository's host did not answer within {seconds:g} seconds. What you wrote is "
            "kept; try again in a while."
        ) from error
    finally:
        timer.cancel()


@contextmanager
def claimed(database: Database, source_id: str) -> Iterator[None]:
    """Claim the source while the block runs: two may not fetch into one copy.

    Raises:
        ProposalLate: a run of it takes too long.
    """
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        with claim(database, source_id, wait=False) as source:
            if source is not None:
                yield
                return
        if time.monotonic() > until:
            raise ProposalLate("The content source is being synced just now. Try again in a while.")
        time.sleep(_TICK_SECONDS)
