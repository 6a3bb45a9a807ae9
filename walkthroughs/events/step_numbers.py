"""How far learners come in one walkthrough, step by step, and how long each step takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from walkthroughs.enums import ProgressStatus
from walkthroughs.events.counted_places import CountedPlaces, read_counted
from walkthroughs.events.scope import DAY_MS, NEWEST, SILENT_DAYS, Scope
from walkthroughs.models import WalkthroughProgress, WalkthroughStep, WalkthroughVersion

# A step belongs to one organization: with its id alone, the index answers without the table.
_MEDIANS = text(
    """
    SELECT s.id, m.median, m.number
      FROM walkthrough_steps s
     CROSS JOIN LATERAL (
        SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY newest.step_ms) AS median,
               count(*) AS number
          FROM (SELECT e.step_ms FROM tool_events e
                 WHERE e.step_id = s.id AND e.occurred_at >= :start AND e.step_ms IS NOT NULL
                 ORDER BY e.occurred_at DESC LIMIT :newest) newest) m
     WHERE s.organization_id = :organization_id AND s.walkthrough_id = :walkthrough_id
       AND s.archived_at IS NULL
    """
)


@dataclass(frozen=True, slots=True)
class Place:
    """Learners who are at one step: how many, of them silent ones, and whether they finished."""

    step_id: str
    is_finished: bool
    learners: int
    silent: int


@dataclass(frozen=True, slots=True)
class Median:
    """The median time of a step, and of how many completions it is."""

    median: int | None
    number: int


@dataclass(frozen=True, slots=True)
class StepNumbers:
    """A step's numbers. `median_ms` is none where nobody has completed it in the time.

    Attributes:
        author_id: the step's id of its author.
        reached: learners who are at it, have passed it, or have finished.
        stopped: learners who are at it, and silent.
        timed: how many completions the median is of.
    """

    id: str
    author_id: str
    title: str
    reached: int
    stopped: int
    median_ms: int | None
    timed: int


@dataclass(frozen=True, slots=True)
class Steps:
    """The numbers of each live step in order, and how many are at a step that is gone.

    Attributes:
        counted_at: when they were counted, of a walkthrough with many learners; none: just now.
    """

    numbers: list[StepNumbers]
    gone: int
    counted_at: int | None = None


def read_steps(session: Session, scope: Scope, now_ms: int) -> Steps:
    """Return how far those came who began (or began again) in the scope.

    Times are of all servers and versions, and of the scope's days. The scope's days are one of
    `PERIOD_DAYS`.
    """
    step = WalkthroughStep
    steps = session.execute(
        select(step.id, step.external_id, step.title)
        .where(
            step.organization_id == scope.organization_id,
            step.walkthrough_id == scope.walkthrough_id,
            step.archived_at.is_(None),
        )
        .order_by(step.display_order, step.id)
    ).all()
    counted = read_counted(session, scope.organization_id, scope.walkthrough_id)
    if counted is not None:
        places = _places_of(counted.places, scope)
        medians = {step_id: Median(*each) for step_id, *each in counted.medians(scope.days)}
        return Steps(*count_steps(steps, places, medians), counted.at_ms)
    rows = session.execute(_MEDIANS, _keys(scope))
    medians = {row.id: Median(row.median, row.number) for row in rows}
    return Steps(*count_steps(steps, _read_places(session, scope, now_ms), medians))


def count_steps(
    steps: Sequence[Any], places: Sequence[Place], medians: Mapping[str, Median]
) -> tuple[list[StepNumbers], int]:
    """Return the numbers of *steps* in their order, and how many are at none of them.

    Who finished has reached the step that they finished at, and all before it: a step that was
    added behind it since then was not shown to them.
    """
    order = {step.id: place for place, step in enumerate(steps)}
    last, nowhere = len(steps) - 1, len(steps)
    here, stopped, gone = [0] * (nowhere + 1), [0] * (nowhere + 1), 0
    for place in places:
        # Who finished at a step that is gone since has left nothing.
        at = order.get(place.step_id, last if place.is_finished and steps else nowhere)
        here[at] += place.learners
        stopped[at] += place.silent
        if at == nowhere and not place.is_finished:
            gone += place.learners
    numbers, reached = [], 0
    for at in range(last, -1, -1):
        row, median = steps[at], medians.get(steps[at].id)
        reached += here[at]
        time = (median.median, median.number) if median else (None, 0)
        numbers.append(StepNumbers(row.id, row.external_id, row.title, reached, stopped[at], *time))
    return numbers[::-1], gone


def read_versions_published(session: Session, scope: Scope) -> list[tuple[int, int]]:
    """Return (number, when) of the versions that were published in the scope, oldest first."""
    version = WalkthroughVersion
    rows = session.execute(
        select(version.number, version.created_at)
        .where(
            version.organization_id == scope.organization_id,
            version.walkthrough_id == scope.walkthrough_id,
            version.created_at >= scope.start_ms,
        )
        .order_by(version.number.desc())
        .limit(NEWEST)
    )
    return sorted((row.number, row.created_at) for row in rows)


def _read_places(session: Session, scope: Scope, now_ms: int) -> list[Place]:
    progress = WalkthroughProgress
    status: InstrumentedAttribute[ProgressStatus] = progress.status
    is_finished = status == ProgressStatus.COMPLETED
    silent = func.count().filter(~is_finished, progress.active_at < now_ms - SILENT_DAYS * DAY_MS)
    query = select(progress.current_step_id, is_finished, func.count(), silent).where(
        progress.organization_id == scope.organization_id,
        progress.walkthrough_id == scope.walkthrough_id,
        progress.started_at >= scope.start_ms,
        status != ProgressStatus.NOT_STARTED,
    )
    if scope.server_id:
        query = query.where(progress.mcp_server_id == scope.server_id)
    if scope.version:
        query = query.where(progress.version == scope.version)
    rows = session.execute(query.group_by(progress.current_step_id, is_finished))
    return [Place(*row) for row in rows]


def _places_of(counted: Iterable[CountedPlaces], scope: Scope) -> list[Place]:
    """Return what `_read_places` would, of places that were counted beforehand."""
    found: dict[tuple[str, bool], list[int]] = {}
    for each in counted:
        if (
            each.began_within(scope.days)
            and scope.server_id in {"", each.server_id}
            and scope.version in {0, each.version}
        ):
            sums = found.setdefault((each.step_id, each.is_finished), [0, 0])
            sums[0] += each.learners
            if each.are_silent and not each.is_finished:
                sums[1] += each.learners
    return [Place(*key, *sums) for key, sums in found.items()]


def _keys(scope: Scope) -> dict[str, Any]:
    return {
        "organization_id": scope.organization_id,
        "walkthrough_id": scope.walkthrough_id,
        "start": scope.start_ms,
        "newest": NEWEST,
    }
