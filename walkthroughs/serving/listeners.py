"""Who of this process waits to be told of changes. All of it belongs to one event loop."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from walkthroughs.errors import HandrailError
from walkthroughs.events.announcements import ANY, Announced
from walkthroughs.metrics import Metrics

#: The label of these listeners in the metrics.
KIND = "pages"
#: Streams at most: of the process, and of one member in it.
MOST, MOST_OF_MEMBER = 1000, 12
#: Ids that one listener is told at once; beyond that it is told that anything may have changed.
MOST_IDS = 50
#: Whoever comes so soon after a change may show what was before it.
_RECENT_SECONDS = 10.0
_MOST_RECENT = 1000


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

    def add(self, walkthrough_ids: frozenset[str]) -> None:
        """Note that walkthroughs have changed."""
        self._changed |= walkthrough_ids
        if ANY in self._changed or len(self._changed) > MOST_IDS:
            self._changed = {ANY}
        self._woken.set()

    def end(self) -> None:
        """Let whoever waits go, and tell nothing more."""
        self._ended.set()
        self._woken.set()

    async def changes(self, seconds: float) -> list[str]:
        """Wait for changes; return the ids of walkthroughs. None after the *seconds*, or at end."""
        await _wait(self._woken, seconds)
        changed, self._changed = sorted(self._changed), set()
        if not self.has_ended:
            self._woken.clear()
        return changed

    async def pause(self, seconds: float) -> None:
        """Wait for the *seconds*, or until the end."""
        await _wait(self._ended, seconds)


class Listeners:
    """The listeners of this process, by organization."""

    def __init__(
        self, metrics: Metrics, most: int = MOST, most_of_member: int = MOST_OF_MEMBER
    ) -> None:
        self._metrics, self._most, self._most_of_member = metrics, most, most_of_member
        self._listeners: dict[str, set[Listener]] = {}
        self._of_member: Counter[str] = Counter()
        self._has_ended = False
        #: When something was announced last, by organization.
        self._recent: dict[str, float] = {}

    @contextmanager
    def listener(self, organization_id: str, member_id: str) -> Iterator[Listener]:
        """Yield a listener of the organization while the block runs.

        Raises:
            TooManyListeners: of the process or of the member, or the process is about to end.
        """
        self._refuse_too_many(member_id)
        listener = Listener()
        if self._was_recent(organization_id) or self._was_recent(ANY):
            listener.add(frozenset({ANY}))
        self._listeners.setdefault(organization_id, set()).add(listener)
        self._of_member[member_id] += 1
        try:
            with self._metrics.listener(KIND):
                yield listener
        finally:
            self._of_member[member_id] -= 1
            if not self._of_member[member_id]:
                del self._of_member[member_id]
            self._listeners[organization_id].discard(listener)
            if not self._listeners[organization_id]:
                del self._listeners[organization_id]

    def announce(self, announced: Announced) -> None:
        """Let the listeners know whom it concerns."""
        now = asyncio.get_running_loop().time()
        for organization_id, walkthrough_ids in announced.items():
            self._recent[organization_id] = now
            for listener in self._concerned(organization_id):
                listener.add(walkthrough_ids)
        if len(self._recent) > _MOST_RECENT:
            self._recent = {key: at for key, at in self._recent.items() if self._was_recent(key)}

    def end_all(self) -> None:
        """End every listener, and refuse those that come: the process is about to end."""
        self._has_ended = True
        for listener in self._concerned(ANY):
            listener.end()

    def _refuse_too_many(self, member_id: str) -> None:
        if self._has_ended:
            raise TooManyListeners(503, "The server is being restarted.")
        if sum(self._of_member.values()) >= self._most:
            self._metrics.listener_refused(KIND)
            raise TooManyListeners(503, "The server has as many live pages open as it can.")
        if self._of_member[member_id] >= self._most_of_member:
            self._metrics.listener_refused(KIND)
            raise TooManyListeners(429, "You have as many live pages open as one member can.")

    def _concerned(self, organization_id: str) -> list[Listener]:
        if organization_id != ANY:
            return list(self._listeners.get(organization_id, ()))
        return [listener for those in self._listeners.values() for listener in those]

    def _was_recent(self, organization_id: str) -> bool:
        at = self._recent.get(organization_id)
        return at is not None and asyncio.get_running_loop().time() - at < _RECENT_SECONDS


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
