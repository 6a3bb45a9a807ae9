"""Make one announcement of several that follow each other closely."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from walkthroughs.events.announcements import Announced

#: An announcement is told when nothing further was announced for so long; at the latest so long
#: after the first one.
QUIET_SECONDS, MOST_SECONDS = 0.1, 0.8


@dataclass(slots=True)
class _Gathered:
    ids: frozenset[str]
    timer: asyncio.TimerHandle
    tell_at: float


class Gathering:
    """Tells of changes a little later and less often. For one event loop.

    Args:
        tell: is told where something has changed, and what.
        quiet_seconds: how long nothing further may have been announced of the same place.
        most_seconds: how long anything waits at most.
    """

    def __init__(
        self,
        tell: Callable[[Announced], None],
        quiet_seconds: float = QUIET_SECONDS,
        most_seconds: float = MOST_SECONDS,
    ) -> None:
        self._tell, self._quiet, self._most = tell, quiet_seconds, most_seconds
        self._gathered: dict[str, _Gathered] = {}

    def announce(self, announced: Announced) -> None:
        """Take what was announced. Each place waits for itself alone."""
        for where, ids in announced.items():
            self._add(where, ids)

    def flush(self) -> None:
        """Tell at once what is still gathered."""
        for where, gathered in list(self._gathered.items()):
            gathered.timer.cancel()
            self._tell_of(where)

    def _add(self, where: str, ids: Iterable[str]) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        known = self._gathered.pop(where, None)
        tell_at = known.tell_at if known else now + self._most
        all_ids = frozenset(ids) | (known.ids if known else frozenset())
        if known:
            known.timer.cancel()
        timer = loop.call_at(min(now + self._quiet, tell_at), self._tell_of, where)
        self._gathered[where] = _Gathered(all_ids, timer, tell_at)

    def _tell_of(self, where: str) -> None:
        self._tell({where: self._gathered.pop(where).ids})
