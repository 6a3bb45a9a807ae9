"""Whose source is checked next, of those that are due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sync.queue import due_at, is_requested, scheduled_at
from walkthroughs.models import ContentSource

#: Sources of one organization that are checked at once, at most.
_PER_ORGANIZATION = 2
#: So long those wait whose last check failed while others do: their hosts may hang again.
_HELD_BACK_MS = 10 * 60_000


def waits_since(source: ContentSource, default_seconds: float, now: int) -> float:
    """Return since when a source that is due waits for its check, in epoch milliseconds."""
    due = due_at(source, default_seconds, now)
    if due or source.checked_at is None or source.checked_at > now:
        return due
    scheduled = scheduled_at(source.checked_at, source, default_seconds)
    return min(scheduled, max(source.checked_at, source.requested_at or 0))


class Turns:
    """Whose source is checked next, so that nobody's hosts keep the others waiting.

    That is one of the organization that has the fewest at work and was not served for longest;
    of its sources, the one that waits for longest. Those that could not be read go behind all
    others for a while, unless somebody has asked for a check since.

    Args:
        at_once: how many sources are checked at once. Of several organizations that have sources
            none has all of these places, unless there is one.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        #: By organization: when it was served, as the number of the turn.
        self._served: dict[str, int] = {}
        self._turn = 0

    def with_room(
        self, sources: Iterable[ContentSource], at_work: Mapping[str, int]
    ) -> list[ContentSource]:
        """Return those of organizations that have fewer *at_work*, by id, than their share.

        *sources* are all that are not at work.
        """
        found = list(sources)
        owners = {each.organization_id for each in found} | at_work.keys()
        kept_back = 1 if len(owners) > 1 else 0
        share = max(1, min(_PER_ORGANIZATION, self._at_once - kept_back))
        return [each for each in found if at_work.get(each.organization_id, 0) < share]

    def take(
        self, due: dict[str, float], sources: Iterable[ContentSource],
        at_work: Mapping[str, int], now: int,
    ) -> ContentSource | None:  # fmt: skip
        """Return the one of *sources* whose turn it is, and count the turn; none if none may.

        *sources* are all that are not at work. *due* says since when each of them waits; those that
        are not in it do not. It is taken out.
        """

        def order(source: ContentSource) -> tuple[int, bool, int, float]:
            owner, since = source.organization_id, due[source.id]
            failed = source.error is not None and not is_requested(source)
            is_held_back = failed and now - since < _HELD_BACK_MS
            return at_work.get(owner, 0), is_held_back, self._served.get(owner, 0), since

        waiting = [each for each in self.with_room(sources, at_work) if each.id in due]
        source = min(waiting, key=order, default=None)
        if source is not None:
            del due[source.id]
            self._turn += 1
            self._served[source.organization_id] = self._turn
        return source
