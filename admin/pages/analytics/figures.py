"""What the pages of numbers show, read for one member's question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from walkthroughs.events import analytics, step_numbers
from walkthroughs.events.period_numbers import read_period
from walkthroughs.events.scope import Counts, Scope
from walkthroughs.events.step_numbers import StepNumbers
from walkthroughs.events.waiting import read_waiting

#: What has waited for so long is late: else it is moved twice a second.
_LATE_SECONDS = 10
DELETED = "(deleted)"
FIRST = "(first walkthrough)"


@dataclass(frozen=True, slots=True)
class AsOf:
    """Up to when events are counted, and how many of the organization wait if that is late."""

    at_ms: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Day:
    """The counts of a day, and the versions that were published on it, as "v4, v5"."""

    day: date
    counts: Counts
    published: str = ""


@dataclass(frozen=True, slots=True)
class Trend:
    """Every day of the scope, its sum, and the sum of as many days before."""

    days: tuple[Day, ...]
    now: Counts
    before: Counts


@dataclass(frozen=True, slots=True)
class Line:
    """A row of counts. Without a `title` the thing is no more."""

    id: str
    title: str
    counts: Counts
    is_there: bool = True
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """The organization. `pairs` have ids; `labels` the titles of walkthroughs.

    `counted_at`: when walkthroughs and pairs were counted, if there is much to count.
    """

    trend: Trend
    learners: int
    learner_days: tuple[int, int]
    active_now: int
    walkthroughs: tuple[Line, ...]
    pairs: tuple[tuple[str, str, int], ...]
    other_starts: int
    labels: dict[str, str]
    counted_at: int | None


@dataclass(frozen=True, slots=True)
class OfWalkthrough:
    """One walkthrough. `gone` learners are at a step that is no more.

    `steps_counted_at`: when the learners at the steps were counted, if they are many.
    """

    trend: Trend
    active_now: int
    steps: tuple[StepNumbers, ...]
    gone: int
    steps_counted_at: int | None
    servers: tuple[Line, ...]
    versions: tuple[Line, ...]
    feed: tuple[Row[Any], ...]


def as_of(session: Session, organization_id: str, now: int) -> AsOf:
    """Return how old the numbers are: what is moved is moved for all organizations."""
    waiting, oldest = read_waiting(session.connection(), organization_id)
    is_late = oldest >= _LATE_SECONDS
    return AsOf(now - int(oldest * 1000), waiting if is_late else 0)


def read_overview(session: Session, scope: Scope, now: int) -> Overview:
    """Read what the page of the organization shows: nine statements, whatever there is."""
    counted = read_period(session, scope)
    if counted is None:
        found = analytics.read_walkthroughs(session, scope)
        pairs, starts = analytics.read_flow(session, scope)
    else:
        found, pairs, starts = counted.walkthroughs, counted.pairs, counted.starts
    ids = {key for key, _ in found} | {key for pair in pairs for key in pair[:2] if key}
    titles = analytics.read_titles(session, scope.organization_id, ids)
    return Overview(
        trend=_trend(session, scope),
        learners=analytics.count_learners(session, scope),
        learner_days=analytics.count_learner_days(session, scope),
        active_now=analytics.count_active_now(session, scope, now),
        walkthroughs=tuple(
            Line(key, titles.get(key, DELETED), counts, key in titles) for key, counts in found
        ),
        pairs=tuple(pairs),
        other_starts=starts - sum(count for _, _, count in pairs),
        labels={key: titles.get(key, DELETED) for key in ids} | {"": FIRST},
        counted_at=counted.at_ms if counted else None,
    )


def read_walkthrough(
    session: Session, scope: Scope, now: int, servers: dict[str, tuple[str, str]]
) -> OfWalkthrough:
    """Read what the page of a walkthrough shows: ten statements, however many steps.

    The rows by server are of all servers, those by version of all versions: one can be chosen.

    Args:
        session: of the page.
        scope: of one walkthrough.
        now: the time, in milliseconds.
        servers: slug and name by id.
    """
    found = step_numbers.read_steps(session, scope, now)
    by_server = analytics.read_servers(session, replace(scope, server_id=""))
    by_version = analytics.read_versions(session, replace(scope, version=0))
    return OfWalkthrough(
        trend=_trend(session, scope, step_numbers.read_versions_published(session, scope)),
        active_now=analytics.count_active_now(session, scope, now),
        steps=tuple(found.numbers),
        gone=found.gone,
        steps_counted_at=found.counted_at,
        servers=tuple(_server_line(key, counts, servers) for key, counts in by_server),
        versions=tuple(Line(str(key), f"Version {key}", counts) for key, counts in by_version),
        feed=tuple(analytics.read_feed(session, scope)),
    )


def _server_line(key: str, counts: Counts, servers: dict[str, tuple[str, str]]) -> Line:
    slug, name = servers.get(key, ("", DELETED))
    return Line(key, name, counts, key in servers, slug)


def _trend(session: Session, scope: Scope, published: Sequence[tuple[int, int]] = ()) -> Trend:
    found = analytics.read_days(session, scope)
    versions: dict[date, list[str]] = {}
    for number, at in published:
        versions.setdefault(datetime.fromtimestamp(at // 1000, UTC).date(), []).append(f"v{number}")
    days = [scope.first + timedelta(days=n) for n in range(scope.days)]
    return Trend(
        tuple(Day(day, found.get(day, Counts()), _few(versions.get(day, ()))) for day in days),
        _sum(counts for day, counts in found.items() if day >= scope.first),
        _sum(counts for day, counts in found.items() if day < scope.first),
    )


def _few(words: Sequence[str]) -> str:
    """Return the versions of a day: of many, the first and the last one."""
    return ", ".join(words) if len(words) < 4 else f"{words[0]} to {words[-1]}"


def _sum(counts: Iterable[Counts]) -> Counts:
    each = tuple(counts)
    return Counts(sum(one.started for one in each), sum(one.finished for one in each))
