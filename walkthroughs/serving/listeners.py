"""Who of this process waits to be told of changes. All of it belongs to one event loop."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from starlette.types import Receive

from walkthroughs.errors import HandrailError
from walkthroughs.events.announcements import ANY, Announced
from walkthroughs.metrics import Metrics

#: What listens, as the metrics and refusals name it.
KIND = "pages"
#: Streams at most: of the process, and of one member in it.
MOST, MOST_OF_MEMBER = 1000, 12
#: Ids that one listener is told at once; beyond that it is told that anything may have changed.
MOST_IDS = 50
#: Whoever comes so soon after a change may show what was before it.
RECENT_SECONDS = 10.0
_MOST_RECENT = 1000
#: How many are woken at once, and how soon the next ones: what else the process does goes on
#: between, however many listen.
_WOKEN_AT_ONCE, _PAUSE_SECONDS = 20, 0.02


class TooManyListeners(HandrailError):
    """There is no room for another stream. *status* is what to answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Listener:
    """What one listener has not been told yet: however slowly it reads, no more than that."""

    def __init__(self) -> None:
        self._changed: set[str] = set()
        self._woken, self._ended = asyncio.Event(), asyncio.Event()

    @property
    def has_ended(self) -> bool:
        """Return whether nothing will be told any more."""
        return self._ended.is_set()

    def note(self, ids: frozenset[str]) -> None:
        """Note that these have changed. Whoever waits is told after `wake`."""
        self._changed |= ids
        if ANY in self._changed or len(self._changed) > MOST_IDS:
            self._changed = {ANY}

    def wake(self) -> None:
        """Let whoever waits for changes see what was noted."""
        self._woken.set()

    def end(self) -> None:
        """Let whoever waits go, and tell nothing more."""
        self._ended.set()
        self._woken.set()

    async def end_with_client(self, receive: Receive) -> None:
        """Wait until the client leaves, then end."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.end()

    async def changes(self, seconds: float) -> list[str]:
        """Wait for changes; return what was noted. None after the *seconds*, or at end."""
        await _wait(self._woken, seconds)
        changed, self._changed = sorted(self._changed), set()
        if not self.has_ended:
            self._woken.clear()
        return changed

    async def pause(self, seconds: float) -> None:
        """Wait for the *seconds*, or until the end."""
        await _wait(self._ended, seconds)


class Listeners:
    """The listeners of this process, by where they listen: an organization, for pages.

    Args:
        metrics: where they are counted.
        most: how many there may be.
        most_of_one: how many one member or caller may have.
        kind: what listens, as the metrics and refusals name it.
        recent_seconds: for how long a change is told to whoever comes after it.
    """

    def __init__(
        self,
        metrics: Metrics,
        most: int = MOST,
        most_of_one: int = MOST_OF_MEMBER,
        kind: str = KIND,
        recent_seconds: float = RECENT_SECONDS,
    ) -> None:
        self._metrics, self._most, self._most_of_one = metrics, most, most_of_one
        self._kind, self._recent_seconds = kind, recent_seconds
        self._listeners: dict[str, set[Listener]] = {}
        self._of_one: Counter[str] = Counter()
        self._count = 0
        self._has_ended = False
        #: When something was announced last, by where.
        self._recent: dict[str, float] = {}
        #: Who is still to be woken, in order.
        self._asleep: dict[Listener, None] = {}

    @contextmanager
    def listener(self, where: str, who: str) -> Iterator[Listener]:
        """Yield a listener of one member or caller, *who*, while the block runs.

        Raises:
            TooManyListeners: of the process or of *who*, or the process is about to end.
        """
        self._refuse_too_many(who)
        listener = Listener()
        if self._was_recent(where) or self._was_recent(ANY):
            listener.note(frozenset({ANY}))
            listener.wake()
        self._listeners.setdefault(where, set()).add(listener)
        self._of_one[who] += 1
        self._count += 1
        try:
            with self._metrics.listener(self._kind):
                yield listener
        finally:
            self._count -= 1
            self._of_one[who] -= 1
            if not self._of_one[who]:
                del self._of_one[who]
            self._listeners[where].discard(listener)
            if not self._listeners[where]:
                del self._listeners[where]

    def announce(self, announced: Announced) -> None:
        """Let the listeners know whom it concerns: some at once, the others soon after."""
        now = asyncio.get_running_loop().time()
        is_waking = bool(self._asleep)
        for where, ids in announced.items():
            self._recent[where] = now
            for listener in self._concerned(where):
                listener.note(ids)
                self._asleep[listener] = None
        if len(self._recent) > _MOST_RECENT:
            self._recent = {key: at for key, at in self._recent.items() if self._was_recent(key)}
        if not is_waking:
            self._wake_some()

    def end_all(self) -> None:
        """End every listener, and refuse those that come: the process is about to end."""
        self._has_ended = True
        for listener in self._concerned(ANY):
            listener.end()

    def _wake_some(self) -> None:
        for listener in list(islice(self._asleep, _WOKEN_AT_ONCE)):
            del self._asleep[listener]
            listener.wake()
        if self._asleep:
            asyncio.get_running_loop().call_later(_PAUSE_SECONDS, self._wake_some)

    def _refuse_too_many(self, who: str) -> None:
        if self._has_ended:
            raise TooManyListeners(503, "The server is being restarted.")
        if self._count >= self._most:
            self._metrics.listener_refused(self._kind)
            raise TooManyListeners(503, f"The server has as many live {self._kind} as it can.")
        if self._of_one.get(who, 0) >= self._most_of_one:
            self._metrics.listener_refused(self._kind)
            raise TooManyListeners(429, f"You have as many live {self._kind} open as one can.")

    def _concerned(self, where: str) -> list[Listener]:
        if where != ANY:
            return list(self._listeners.get(where, ()))
        return [listener for those in self._listeners.values() for listener in those]

    def _was_recent(self, where: str) -> bool:
        at = self._recent.get(where)
        return at is not None and asyncio.get_running_loop().time() - at < self._recent_seconds


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
