"""Run what waits for the database in a thread, for a bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from walkthroughs.database.unavailable import DatabaseUnavailable

T = TypeVar("T")
#: How long what runs in a thread may take.
_PATIENCE_SECONDS = 5


@dataclass(frozen=True)
class Threads:
    """Threads of one event loop; *limiter* bounds how many run at once."""

    limiter: CapacityLimiter

    async def run(self, work: Callable[[], T]) -> T:
        """Return what *work* returns.

        Raises:
            DatabaseUnavailable: it took too long. The thread goes on, and gives its place back,
                when the database answers.
        """
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await to_thread.run_sync(work, limiter=self.limiter, abandon_on_cancel=True)
        except TimeoutError:
            raise DatabaseUnavailable from None
