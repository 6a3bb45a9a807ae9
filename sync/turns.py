"""Whose source is checked next, of those that are due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sync.queue import due_at, is_requested
from walkthroughs.models import ContentSource

#: Sources of one organization that are checked at once, at most.
_PER_ORGANIZATION = 2
#: So long those wait whose last check failed while others do: their hosts may hang again.
_HELD_BACK_MS = 10 * 60_000


def waits_since(source: ContentSource, default_seconds: float, now: int) -> float:
    """Return since when a source that is due waits for its check, in epoch milliseconds."""
    if source.checked_at is None or source.checked_at > now:
        return 0
    if is_requested(source):
        return source.requested_at or 0
    return due_at(source, default_seconds, now)


class Turns:
    """Whose source is checked next, so that nobody's hosts keep the others waiting.

    That is one of the organization that has the fewest at work and was not served for longest;
    those that could not be read go behind, for a while; else the one that waits for longest.

    Args:
        at_once: how many sources are checked at once. No organization has all of these places,
            unless there is one.
    """

    def __init__(self, at_once: int) -> None:
        self._share = max(1, min(_PER_ORGANIZATION, at_once - 1))
        #: By organization: when it was served, as the number of the turn.
        self._served: dict[str, int] = {}
        self._turn = 0

    def with_room(
        self, sources: Iterable[ContentSource], at_work: Mapping[str, int]
    ) -> list[ContentSource]:
        """Return those of organizations that have fewer *at_work*, by id, than their share."""
        return [each for each in sources if at_work.get(each.organization_id, 0) < self._share]

    def take(
        self, due: dict[str, float], sources: Iterable[ContentSource],
        at_work: Mapping[str, int], now: int,
    ) -> ContentSource | None:  # fmt: skip
        """Return the one of *sources* whose turn it is, and count the turn; none if none may.

        *due* says since when each of them waits; those that are not in it do not. It is taken out.
        """

        def order(source: ContentSource) -> tuple[int, bool, int, float]:
            owner, since = source.organization_id, due[source.id]
            is_held_back = source.error is not None and now - since < _HELD_BACK_MS
            return at_work.get(owner, 0), is_held_back, self._served.get(owner, 0), since

        waiting = [each for each in sources if each.id in due]
        source = min(self.with_room(waiting, at_work), key=order, default=None)
        if source is not None:
            del due[source.id]
            self._turn += 1
            self._served[source.organization_id] = self._turn
        return source
