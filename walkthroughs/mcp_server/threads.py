"""Run what waits for the database in a thread, for a bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from walkthroughs.database.pool import Database
from walkthroughs.database.unavailable import DatabaseUnavailable

T = TypeVar("T")
#: How long what runs in a thread may take.
_PATIENCE_SECONDS = 5
#: So much later its wait for the database is ended, and its place is free again.
_LATER_SECONDS = 1


@dataclass(frozen=True)
class Threads:
    """Threads of one event loop that ask *database*; *limiter* bounds how many run at once."""

    database: Database
    limiter: CapacityLimiter

    async def run(self, work: Callable[[], T]) -> T:
        """Return what *work* returns.

        Raises:
            DatabaseUnavailable: it took too long. The thread gives its place back soon after, also
                if the database stays silent.
        """

        def bounded() -> T:
            with self.database.lent.within(_PATIENCE_SECONDS + _LATER_SECONDS):
                return work()

        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await to_thread.run_sync(
                    bounded, limiter=self.limiter, abandon_on_cancel=True
                )
        except TimeoutError:
            raise DatabaseUnavailable from None
