"""Which events the pages of numbers ask for, and the counts that answer. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

#: The periods that pages of numbers offer, in days, today included; the longest one last.
PERIOD_DAYS = (7, 30, 90, 365)
#: Who did nothing for so many days has stopped where they are.
SILENT_DAYS = 7
DAY_MS = 86_400_000
#: The most walkthroughs, versions or servers, and the most pairs of walkthroughs, in one answer.
MOST_ROWS, MOST_PAIRS = 100, 24
#: The time of a step is that of its newest completions, so many at most.
NEWEST = 1_000
#: The flow is of at most so many days.
FLOW_DAYS = 90


@dataclass(frozen=True, slots=True)
class Counts:
    """How often walkthroughs were started (also anew) and finished."""

    started: int = 0
    finished: int = 0


@dataclass(frozen=True, slots=True)
class Scope:
    """Which events are asked for. Days are UTC, and both ends belong to it.

    Attributes:
        walkthrough_id: of one walkthrough only.
        server_id: of one server only.
        version: of one version only.
    """

    organization_id: str
    first: date
    last: date
    walkthrough_id: str = ""
    server_id: str = ""
    version: int = 0

    @property
    def days(self) -> int:
        """Return how many days it has."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Scope:
        """Return the same of as many days before."""
        length = timedelta(days=self.days)
        return replace(self, first=self.first - length, last=self.last - length)

    @property
    def start_ms(self) -> int:
        """Return when it begins."""
        return start_of(self.first)

    @property
    def end_ms(self) -> int:
        """Return its last millisecond."""
        return start_of(self.last + timedelta(days=1)) - 1

    @property
    def is_of_all(self) -> bool:
        """Return whether no server and no version is chosen."""
        return not (self.server_id or self.version)


def period_starts(now_ms: int) -> list[int]:
    """Return when each of `PERIOD_DAYS` began, in their order."""
    today = now_ms - now_ms % DAY_MS
    return [today - (days - 1) * DAY_MS for days in PERIOD_DAYS]


def start_of(day: date) -> int:
    """Return the first millisecond of a day."""
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000
