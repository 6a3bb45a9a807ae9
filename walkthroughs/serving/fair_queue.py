"""Whose call is worked on next, when there are more calls than the server can work on.

A caller has a bounded number of calls at work, so that one link with many connections
delays nobody else. Groups of callers (organizations) take turns. While every place has been
taken for a second, a new call waits for milliseconds only: what cannot be done in time is
refused at once, so that what is taken stays quick. The rule is the controlled delay of
Nichols and Jacobson (ACM Queue 10.5, 2012), as servers use it: bursts may wait, a standing
queue may not.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from walkthroughs.errors import HandrailError

#: Calls at work at the same time: more make each slower, and none sooner.
AT_ONCE = 16
#: Calls at work of one caller, and those that may wait beside them.
PER_CALLER = 8
#: How long a call waits in a burst, and in a standing queue.
_BURST_SECONDS = 1.0
_STANDING_SECONDS = 0.25


class Busy(HandrailError):
    """The call was not begun. The same call will do later."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"The server is busy. Try again in {seconds} seconds.")


@dataclass(slots=True)
class _Waiter:
    caller: str
    turn: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class FairQueue:
    """Places for calls of one event loop. Each `enter` that returns needs one `leave`."""

    def __init__(
        self,
        at_once: int = AT_ONCE,
        per_caller: int = PER_CALLER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._at_once, self._per_caller, self._clock = at_once, per_caller, clock
        self._working = 0
        self._at_work: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        #: Waiters by group. The first group is next.
        self._groups: dict[str, deque[_Waiter]] = {}
        self._free_at = clock()

    async def enter(self, group: str, caller: str) -> None:
        """Take a place, or wait for one.

        Raises:
            Busy: the caller has too many calls waiting, or no place was free in time.
        """
        if self._working < self._at_once and self._at_work[caller] < self._per_caller:
            self._take(caller)
            return
        if self._waiting[caller] >= self._per_caller:
            raise Busy(2)
        waiter = _Waiter(caller)
        self._groups.setdefault(group, deque()).append(waiter)
        self._waiting[caller] += 1
        try:
            async with asyncio.timeout(self._patience()):
                await waiter.turn
        except TimeoutError:
            if waiter.turn.done() and not waiter.turn.cancelled():
                return  # its turn came in the same moment
            raise Busy(2) from None
        except asyncio.CancelledError:
            if waiter.turn.done() and not waiter.turn.cancelled():
                self.leave(caller)
            raise
        finally:
            self._waiting[caller] -= 1
            if not self._waiting[caller]:
                del self._waiting[caller]
            self._forget(group, waiter)

    def leave(self, caller: str) -> None:
        """Give a place back; the next call in turn takes it."""
        self._working -= 1
        self._at_work[caller] -= 1
        if not self._at_work[caller]:
            del self._at_work[caller]
        while self._working < self._at_once and (waiter := self._next()) is not None:
            self._take(waiter.caller)
            waiter.turn.set_result(None)
        if self._working < self._at_once:
            self._free_at = self._clock()

    def _take(self, caller: str) -> None:
        self._working += 1
        self._at_work[caller] += 1

    def _patience(self) -> float:
        if self._working < self._at_once:
            return _BURST_SECONDS  # it waits for calls of its own caller
        standing = self._clock() - self._free_at > _BURST_SECONDS
        return _STANDING_SECONDS if standing else _BURST_SECONDS

    def _next(self) -> _Waiter | None:
        """Return the first waiter of the next group whose caller may begin one more."""
        for group in list(self._groups):
            for waiter in self._groups[group]:
                if not waiter.turn.done() and self._at_work[waiter.caller] < self._per_caller:
                    self._groups[group] = self._groups.pop(group)  # the others are next
                    return waiter
        return None

    def _forget(self, group: str, waiter: _Waiter) -> None:
        waiters = self._groups[group]
        waiters.remove(waiter)
        if not waiters:
            del self._groups[group]
