"""Where the learners of a large walkthrough stood when they were counted last, read for pages.

`publishing.count_learners` writes it, as one list for each walkthrough: to count many again for
each page would take as long as they are many.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.events.scope import DAY_MS, PERIOD_DAYS, SILENT_DAYS
from walkthroughs.models import WalkthroughLearners

#: Who was shown a step within so many days (UTC), today included, the longest time first.
SHOWN_DAYS = (30, 7, 1)
#: The same, and where those are told apart who are silent.
_LEVELS = (30, None, 7, 1)


def shown_since(now_ms: int) -> list[int]:
    """Return the times that are told apart, the first one first."""
    today = now_ms - now_ms % DAY_MS
    return [
        now_ms - SILENT_DAYS * DAY_MS if days is None else today - (days - 1) * DAY_MS
        for days in _LEVELS
    ]


@dataclass(frozen=True, slots=True)
class CountedPlaces:
    """Learners who stand alike, and are counted together.

    Attributes:
        server_id: where they began; none if that server is deleted.
        periods: in how many of `PERIOD_DAYS` they began; the longest ones first.
        recent: after how many of `shown_since` they were shown a step.
    """

    server_id: str | None
    step_id: str
    is_finished: bool
    version: int
    periods: int
    recent: int
    learners: int

    def began_within(self, days: int) -> bool:
        """Return whether they began in the last days, which are one of `PERIOD_DAYS`."""
        return self.periods >= len(PERIOD_DAYS) - PERIOD_DAYS.index(days)

    def were_shown_within(self, days: int) -> bool:
        """Return whether they were shown a step in the last days, one of `SHOWN_DAYS`."""
        return self.recent > _LEVELS.index(days)

    @property
    def are_silent(self) -> bool:
        """Return whether they were shown nothing for `SILENT_DAYS`, to the hour."""
        return self.recent <= _LEVELS.index(None)


@dataclass(frozen=True, slots=True)
class CountedWalkthrough:
    """The learners who have started a walkthrough, and how long steps took, as of `at_ms`."""

    at_ms: int
    places: tuple[CountedPlaces, ...]
    times: dict[str, Any]

    def medians(self, days: int) -> Iterator[tuple[str, int, int]]:
        """Yield the id, the median time and its number of completions of each step with any."""
        for step_id, each in self.times.items():
            median, number = each[PERIOD_DAYS.index(days)]
            if median is not None:
                yield step_id, median, number


def read_counted(
    session: Session, organization_id: str, walkthrough_id: str
) -> CountedWalkthrough | None:
    """Return what was counted of a walkthrough; none if it has few learners."""
    kept = session.execute(
        select(
            WalkthroughLearners.counted_at, WalkthroughLearners.places, WalkthroughLearners.times
        ).where(
            WalkthroughLearners.organization_id == organization_id,
            WalkthroughLearners.walkthrough_id == walkthrough_id,
        )
    ).one_or_none()
    if kept is None or not kept.places:  # a process of the release before counts none
        return None
    places = tuple(CountedPlaces(*each) for each in kept.places)
    return CountedWalkthrough(kept.counted_at, places, kept.times)
