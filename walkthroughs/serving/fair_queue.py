"""Whose call is worked on next, when there are more calls than the server can work on.

A caller has a bounded number of calls at work, so that one link with many connections
delays nobody else. Groups of callers (organizations) take turns. What cannot begin within
seconds is refused, so that calls do not pile up until all of them are too late.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field

from walkthroughs.errors import HandrailError

#: Calls at work at the same time: more make each slower, and none sooner.
AT_ONCE = 16
#: Calls at work of one caller, and how many times as many may wait beside them.
PER_CALLER = 8
_WAITING_FACTOR = 8
#: How long a call waits for its turn.
PATIENCE_SECONDS = 5.0


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
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._at_once, self._per_caller, self._patience = at_once, per_caller, patience
        self._working = 0
        self._at_work: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        #: Waiters by group. The first group is next.
        self._groups: dict[str, deque[_Waiter]] = {}

    async def enter(self, group: str, caller: str) -> None:
        """Take a place, or wait for one.

        Raises:
            Busy: the caller has too many calls waiting, or no place was free in time.
        """
        if self._working < self._at_once and self._at_work[caller] < self._per_caller:
            self._take(caller)
            return
        if self._waiting[caller] >= self._per_caller * _WAITING_FACTOR:
            raise Busy(2)
        waiter = _Waiter(caller)
        self._groups.setdefault(group, deque()).append(waiter)
        self._waiting[caller] += 1
        try:
            async with asyncio.timeout(self._patience):
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

    def _take(self, caller: str) -> None:
        self._working += 1
        self._at_work[caller] += 1

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
