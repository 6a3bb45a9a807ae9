"""Where the learners of a large walkthrough stood when they were counted last, read for pages.

`publishing.count_learners` writes it, as one list for each walkthrough: to count many again for each
page would take as long as they are many.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.events.scope import PERIOD_DAYS
from walkthroughs.models import WalkthroughLearners

#: Who was shown a step within so many days is told apart, the longest time first.
SHOWN_DAYS = (30, 7, 1)


@dataclass(frozen=True, slots=True)
class CountedPlaces:
    """Learners who stand alike, and are counted together.

    Attributes:
        periods: in how many of `PERIOD_DAYS` they began; the longest ones first.
        recent: in how many of `SHOWN_DAYS` they were shown a step.
    """

    server_id: str
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
        return self.recent > SHOWN_DAYS.index(days)


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
    if kept is None:
        return None
    places = tuple(CountedPlaces(*each) for each in kept.places)
    return CountedWalkthrough(kept.counted_at, places, kept.times)
