"""Whose call is worked on next, when there are more calls than the server can work on.

A caller has a bounded number of calls at work, so that one link with many connections
delays nobody else. Groups of callers (organizations) take turns. What cannot begin within
seconds is refused, so that calls do not pile up until all of them are too late.

A moment in which many come at once passes by itself. When more come than can be done for longer
than that, those that have waited are refused in favour of those that have just come, as in the
CoDel rule for queues of packets: else each call would wait as long as it may. A wait counts only
if many calls began meanwhile: a disk that stalls makes all wait, and refusing would not help.
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
#: For how long all places may be taken before that is too much, and how long a call waits then.
GRACE_SECONDS = 0.3
LATE_SECONDS = 0.05
#: How many calls began meanwhile, at least, before one that waits makes way.
LATE_CALLS = 64


class Busy(HandrailError):
    """The call was not begun. The same call will do later."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"The server is busy. Try again in {seconds} seconds.")


@dataclass(slots=True)
class _Waiter:
    caller: str
    #: How many calls had begun when it came.
    begun: int
    turn: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    since: float = field(default_factory=lambda: asyncio.get_running_loop().time())


class FairQueue:
    """Places for calls of one event loop. Each `enter` that returns needs one `leave`."""

    def __init__(
        self,
        at_once: int = AT_ONCE,
        per_caller: int = PER_CALLER,
        patience: float = PATIENCE_SECONDS,
        grace: float = GRACE_SECONDS,
        late: float = LATE_SECONDS,
        late_calls: int = LATE_CALLS,
    ) -> None:
        self._at_once, self._per_caller, self._patience = at_once, per_caller, patience
        self._grace, self._late, self._late_calls = grace, late, late_calls
        #: How many calls have begun.
        self._begun = 0
        #: Since when calls wait for a place; none if a place was free at the last look.
        self._full_since: float | None = None
        #: Until when late calls are refused, in the time of the loop.
        self._strict_until = float("-inf")
        self._working = 0
        self._at_work: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        #: Waiters by group. The first group is next.
        self._groups: dict[str, deque[_Waiter]] = {}

    async def enter(self, group: str, caller: str) -> None:
        """Take a place, or wait for one.

        Raises:
            Busy: the caller has too many calls waiting, no place was free in time, or there is
                more to do than can be done.
        """
        if self._working < self._at_once and self._at_work[caller] < self._per_caller:
            self._take(caller)
            return
        if self._waiting[caller] >= self._per_caller * _WAITING_FACTOR:
            raise Busy(2)
        waiter = _Waiter(caller, self._begun)
        if self._working >= self._at_once and self._full_since is None:
            self._full_since = waiter.since
        self._groups.setdefault(group, deque()).append(waiter)
        self._waiting[caller] += 1
        try:
            await self._turn_of(waiter)
        finally:
            self._waiting[caller] -= 1
            if not self._waiting[caller]:
                del self._waiting[caller]
            self._forget(group, waiter)

    async def _turn_of(self, waiter: _Waiter) -> None:
        timer = asyncio.get_running_loop().call_later(self._patience, _refuse, waiter)
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if _has_come(waiter):
                self.leave(waiter.caller)
            raise
        finally:
            timer.cancel()

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
            self._full_since = None

    def _take(self, caller: str) -> None:
        self._working += 1
        self._begun += 1
        self._at_work[caller] += 1

    def _next(self) -> _Waiter | None:
        """Return the first waiter of the next group whose caller may begin one more.

        While there is too much to do, refuse those of the group that are late, but for the last.
        """
        latest = self._latest_begin()
        for group, waiters in self._groups.items():
            able = (
                waiter
                for waiter in waiters
                if not waiter.turn.done() and self._at_work[waiter.caller] < self._per_caller
            )
            chosen = next(able, None)
            if chosen is None:
                continue
            while self._is_late(chosen, latest) and (following := next(able, None)) is not None:
                _refuse(chosen)
                self._be_strict()
                chosen = following
            self._groups[group] = self._groups.pop(group)  # the others are next
            return chosen
        return None

    def _is_late(self, waiter: _Waiter, latest: float) -> bool:
        return waiter.since < latest and self._begun - waiter.begun >= self._late_calls

    def _latest_begin(self) -> float:
        """Return since when a waiter may have waited to be no late one."""
        now = asyncio.get_running_loop().time()
        if self._full_since is not None and now - self._full_since >= self._grace:
            self._be_strict()
        return now - self._late if now < self._strict_until else float("-inf")

    def _be_strict(self) -> None:
        """Refuse late calls for twice the grace: refusing them empties the queue, not the line."""
        self._strict_until = asyncio.get_running_loop().time() + 2 * self._grace

    def _forget(self, group: str, waiter: _Waiter) -> None:
        waiters = self._groups[group]
        waiters.remove(waiter)
        if not waiters:
            del self._groups[group]


def _refuse(waiter: _Waiter) -> None:
    if not waiter.turn.done():  # else its turn came in the same moment
        waiter.turn.set_exception(Busy(2))


def _has_come(waiter: _Waiter) -> bool:
    """Return whether the waiter has its place."""
    turn = waiter.turn
    return turn.done() and not turn.cancelled() and turn.exception() is None
