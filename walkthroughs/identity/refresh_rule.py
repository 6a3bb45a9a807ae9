"""Whether a refresh token still counts: the rule.

Each use gives a new one. Several windows of an app share one token, and an answer can be lost, so
a used one goes on to count for a while. Whoever uses it after that has stolen it, or was stolen
from; nobody can tell which, so the sign-in ends.
"""

from __future__ import annotations

from enum import Enum, auto

GRACE_MS = 24 * 3600 * 1000
GRACE_USES = 20


class Use(Enum):
    """What a use of a refresh token is."""

    FIRST = auto()
    AGAIN = auto()
    #: The sign-in ends.
    REPLAY = auto()


def judge_use(used_at: int | None, uses: int, now: int) -> Use:
    """Return what it means that a refresh token which has not expired is used.

    Args:
        used_at: when it was first used, in epoch milliseconds; none if it was not.
        uses: how often it was used after that.
        now: the time, in epoch milliseconds.
    """
    if used_at is None:
        return Use.FIRST
    return Use.AGAIN if now - used_at <= GRACE_MS and uses < GRACE_USES else Use.REPLAY
