"""The pace of a server: how soon after it was shown a step can be completed. Pure.

An assistant that calls for the next step at once has not let the learner do anything. Words do not
stop it, so the server does: it moves nothing and says why.
"""

from __future__ import annotations

from walkthroughs.content.wording import count_of


def is_hurried(shown_at: int, now: int, pace_seconds: int) -> bool:
    """Return whether a step shown at *shown_at* cannot be completed yet (both epoch ms).

    A clock that was set back, or the clock of another machine, can make *shown_at* lie ahead. Up to
    the pace that counts as just shown; further ahead it says nothing, and nobody is held back.
    """
    return abs(now - shown_at) < pace_seconds * 1000


def restamped(shown_at: int, now: int) -> int:
    """Return the time to keep with a step that was held back: never one that lies ahead.

    So the next call waits for the pace at most, however far the clock was set back.
    """
    return min(shown_at, now)


def hurried_notice(shown_at: int, now: int) -> str:
    """Return the sentence that tells the assistant why nothing moved."""
    ago = count_of(max(0, now - shown_at) // 1000, "second")
    return (
        f"Nothing moved: this step was shown {ago} ago, "
        "and it is the learner who does it, in their own time."
    )
