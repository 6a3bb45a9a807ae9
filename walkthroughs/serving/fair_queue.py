"""Whose call is worked on next, when there are more calls than the server can work on.

A caller has a bounded number of calls at work, so that one link with many connections
delays nobody else. Groups of callers (organizations) take turns. What cannot begin within
seconds is refused, so that calls do not pile up until all of them are too late.

A moment in which many come at once passes by itself: all are served. While many wait, the newest
call of a group is next: when more come than can be done, those that are done have hardly waited,
and others wait in vain. When that lasts, few may wait, and all others are refused as they come.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import monotonic

from walkthroughs.errors import HandrailError
from walkthroughs.serving.overload import MANY, Overload

#: Calls at work at the same time: more make each slower, and none sooner.
AT_ONCE = 16
#: Calls at work of one caller, and how many times as many may wait beside them.
PER_CALLER = 8
_WAITING_FACTOR = 8
#: How long a call waits for its turn.
PATIENCE_SECONDS = 5.0
#: Calls that are refused while one begins, so that no other waits until all of them are.
_REFUSED_TOGETHER = 8
_RETRY_SECONDS = 2


class Busy(HandrailError):
    """The call was not begun. The same call will do later."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"The server is busy. Try again in {seconds} seconds.")


@dataclass(slots=True, eq=False)
class _Waiter:
    group: str
    caller: str
    turn: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class FairQueue:
    """Places for calls of one event loop. Each `enter` that returns needs one `leave`.

    Args:
        at_once: how many calls are at work.
        per_caller: how many of one caller. With few places, others keep a third of them.
        patience: how many seconds a call waits at most.
        clock: returns seconds.
    """

    def __init__(
        self,
        at_once: int = AT_ONCE,
        per_caller: int = PER_CALLER,
        patience: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._at_once, self._patience, self._clock = at_once, patience, clock
        self._per_caller = min(per_caller, max(1, at_once * 2 // 3))
        #: How many may wait while overload lasts.
        self._few = max(1, at_once // 2)
        self._overload = Overload()
        self._working = 0
        self._at_work: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._waiters = 0
        #: Waiters by group, each from the oldest to the newest. The first group is next.
        self._groups: dict[str, OrderedDict[_Waiter, None]] = {}

    async def enter(self, group: str, caller: str) -> None:
        """Take a place, or wait for one.

        Raises:
            Busy: the caller has too many calls waiting, no place was free in time, or there is
                more to do than can be done.
        """
        if self._working < self._at_once and self._at_work[caller] < self._per_caller:
            self._take(caller)
            return
        if not self._may_wait(group, caller):
            raise Busy(_RETRY_SECONDS)
        waiter = _Waiter(group, caller)
        self._groups.setdefault(group, OrderedDict())[waiter] = None
        self._waiting[caller] += 1
        self._waiters += 1
        timer = asyncio.get_running_loop().call_later(self._patience, self._refuse, waiter)
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if waiter.turn.cancelled():
                self._forget(waiter)
            elif waiter.turn.exception() is None:  # its turn came in the same moment
                self.leave(caller)
            raise
        finally:
            timer.cancel()

    def leave(self, caller: str) -> None:
        """Give a place back; the next call in turn takes it."""
        self._working -= 1
        _take_one(self._at_work, caller)
        while self._working < self._at_once and (waiter := self._next()) is not None:
            self._forget(waiter)
            self._take(waiter.caller)
            waiter.turn.set_result(None)
        if self._overload.lasts:
            self._refuse_some()

    def _take(self, caller: str) -> None:
        self._working += 1
        self._at_work[caller] += 1
        # Those who wait for their callers' other calls are not counted.
        waiting = self._waiters if self._working >= self._at_once else 0
        self._overload.call_begins(self._clock(), waiting)

    def _may_wait(self, group: str, caller: str) -> bool:
        """Return whether one more call may wait; another one may be refused for it."""
        if self._waiting[caller] >= self._per_caller * _WAITING_FACTOR:
            return False
        if self._working < self._at_once or not self._overload.lasts:
            return True
        if caller in self._waiting:
            return False
        if self._waiters < self._few:
            return True
        self._overload.call_refused(self._clock())
        longest, own = self._longest(), len(self._groups.get(group, ()))
        if self._waiters == self._few and len(longest) <= own + 1:
            return False
        self._refuse(next(iter(longest)))
        return True

    def _next(self) -> _Waiter | None:
        """Return a waiter of the next group that has one whose caller may begin one more."""
        newest_first = self._waiters > (self._few if self._overload.lasts else MANY)
        for group, waiters in self._groups.items():
            chosen = self._first_able(reversed(waiters) if newest_first else waiters)
            if chosen is None:
                continue
            self._groups[group] = self._groups.pop(group)  # the others are next
            return chosen
        return None

    def _refuse_some(self) -> None:
        """Refuse calls that came before overload was known to last."""
        for _ in range(min(_REFUSED_TOGETHER, self._waiters - self._few)):
            self._refuse(next(iter(self._longest())))

    def _first_able(self, waiters: Iterable[_Waiter]) -> _Waiter | None:
        at_work, most = self._at_work, self._per_caller
        able = (each for each in waiters if at_work[each.caller] < most)
        return next((each for each in able if not each.turn.done()), None)  # else given up

    def _longest(self) -> OrderedDict[_Waiter, None]:
        return max(self._groups.values(), key=lambda each: len(each))  # noqa: PLW0108  mypy reads no other

    def _refuse(self, waiter: _Waiter) -> None:
        if not waiter.turn.done():  # else its turn came in the same moment
            self._forget(waiter)
            waiter.turn.set_exception(Busy(_RETRY_SECONDS))

    def _forget(self, waiter: _Waiter) -> None:
        self._waiters -= 1
        _take_one(self._waiting, waiter.caller)
        waiters = self._groups[waiter.group]
        del waiters[waiter]
        if not waiters:
            del self._groups[waiter.group]


def _take_one(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
