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
#: How much faster the sum falls than it rises. So overload lasts where calls wait or are refused
#: for three quarters of the time; at nine tenths of what can be done, it is less.
_FALLS_FASTER = 3
#: For so long after calls waited or were refused, it is as if they still did: an event loop begins
#: calls in bursts, and behind each one none waits for a moment, also where others are refused.
_BURST_SECONDS = 0.02


class Overload:
    """Whether more calls come than can be done, for longer than a moment.

    It begins when too many have waited for the grace, in sum. It ends when none have waited or been
    refused for a part of the time.
    """

    def __init__(self, grace: float = GRACE_SECONDS) -> None:
        self._grace = grace
        self._sum = self._last = 0.0
        #: How many may wait now: after a moment in which many came, fewer and fewer.
        self._allowed: float = MANY
        self._are_too_many = False
        #: How many waited when the last call began.
        self._waited = 0
        #: While overload lasts: from when on it is a sign of its end that none waits.
        self._calm_from = 0.0
        #: Whether it lasts now.
        self.lasts = False

    def call_begins(self, now: float, waiting: int) -> None:
        """Note that a call begins, and how many others wait for a place after that."""
        passed = self._pass(now)
        # Many who wait where few did came in one moment.
        is_moment = passed > _PAUSE_SECONDS or self._waited <= MANY
        allowed = waiting if is_moment else min(self._allowed - _FEWER_EACH, waiting)
        self._allowed, self._waited = max(MANY, allowed), waiting
        self._are_too_many = waiting > (0 if self.lasts else self._allowed)
        if self._are_too_many:
            self._calm_from = now + _BURST_SECONDS

    def call_refused(self, now: float) -> None:
        """Note that a call is refused because of it."""
        self._pass(now)
        self._are_too_many, self._calm_from = True, now + _BURST_SECONDS

    def _pass(self, now: float) -> float:
        """Count the time since the last call; return how long it was."""
        before, self._last = self._last, now
        if self._are_too_many:
            self._sum = min(self._grace, self._sum + min(now - before, _PAUSE_SECONDS))
        else:
            calm = now - max(before, self._calm_from) if self.lasts else now - before
            self._sum = max(0.0, self._sum - _FALLS_FASTER * max(0.0, calm))
        self.lasts = self._sum >= self._grace or (self.lasts and self._sum > 0)
        return now - before
