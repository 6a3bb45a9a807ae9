"""Tell lasting overload from a moment in which many calls come. Pure: it is told the time."""

from __future__ import annotations

#: While no more wait, it is no overload: so many connections that never pause make as many wait.
MANY = 32
#: For how long too many calls wait, in sum, before it is overload.
GRACE_SECONDS = 0.15
#: A longer time between two calls that begin is a pause: a disk stalled, or a thread held the
#: interpreter. No more of it counts, and what waits after it is no sign that too many come.
_PAUSE_SECONDS = 0.02
#: By how many fewer must wait after each call that begins, where many came in one moment.
_FEWER_EACH = 0.25
#: How much faster the sum falls than it rises.
_FALLS_FASTER = 3
#: Overload lasts while more calls are refused than one for so many that begin.
_BEGUN_FOR_ONE_REFUSED = 32
#: How many refused calls are remembered at most: it ends so many times as many begun ones later.
_MOST_REFUSED = 4


class Overload:
    """Whether more calls come than can be done, for longer than a moment.

    It begins when too many have waited for the grace, in sum. It ends when hardly any is refused.
    What waits says little then: it may be few calls, and most begin as soon as some others end.
    """

    def __init__(self, grace: float = GRACE_SECONDS) -> None:
        self._grace = grace
        self._sum = self._last = 0.0
        #: How many may wait now: after a moment in which many came, fewer and fewer.
        self._allowed: float = MANY
        self._are_too_many = False
        #: What is remembered of refused calls.
        self._refused = 0.0
        #: How many waited when the last call began.
        self._waited = 0
        #: Whether it lasts now.
        self.lasts = False

    def call_begins(self, now: float, waiting: int) -> None:
        """Note that a call begins, and how many others wait for a place after that."""
        passed, self._last = now - self._last, now
        if self.lasts:
            self._refused -= 1 / _BEGUN_FOR_ONE_REFUSED
            was_silent = passed > self._grace and not self._waited
            self.lasts = self._refused > 0 and not was_silent
            self._waited, self._sum, self._are_too_many = waiting, 0.0, False
            return
        if self._are_too_many:
            self._sum = min(self._grace, self._sum + min(passed, _PAUSE_SECONDS))
        else:
            self._sum = max(0.0, self._sum - _FALLS_FASTER * passed)
        if self._sum >= self._grace:
            self.lasts, self._refused = True, _MOST_REFUSED
        # Many who wait where few did came in one moment.
        is_moment = passed > _PAUSE_SECONDS or self._waited <= MANY
        allowed = waiting if is_moment else min(self._allowed - _FEWER_EACH, waiting)
        self._allowed, self._waited = max(MANY, allowed), waiting
        self._are_too_many = waiting > self._allowed

    def call_refused(self) -> None:
        """Note that a call was refused because of it."""
        self._refused = min(_MOST_REFUSED, self._refused + 1)
