"""Count the learners that a change of walkthroughs affects.

Those of a walkthrough with few are counted as they are; of one with many, as `count_learners` found
them last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import ColumnElement, Integer, Subquery, cast, column, exists, func, select, true
from sqlalchemy.orm import Session

from walkthroughs.content.impact import ACTIVE_DAYS
from walkthroughs.enums import ProgressStatus
from walkthroughs.events.scope import DAY_MS
from walkthroughs.ids import now_ms
from walkthroughs.models.learner_counts import WalkthroughLearners
from walkthroughs.models.progress import WalkthroughProgress
from walkthroughs.models.walkthroughs import Walkthrough, WalkthroughStep

_IS_MIDWAY = WalkthroughProgress.status == ProgressStatus.IN_PROGRESS


def count_all(
    session: Session, organization_id: str, walkthrough_ids: Collection[str]
) -> dict[str, tuple[int, int]]:
    """Return how many have a place in each of the walkthroughs, and have finished; none: no row."""
    kept, small = WalkthroughLearners, _not_kept(organization_id, walkthrough_ids)
    now = (
        select(
            func.count().label("learners"),
            func.count()
            .filter(WalkthroughProgress.status == ProgressStatus.COMPLETED)
            .label("done"),
        )
        .where(*_rows_of(small, organization_id))
        .lateral()
    )
    found = session.execute(
        select(kept.walkthrough_id, kept.learners, kept.completed)
        .where(*_kept(organization_id, walkthrough_ids))
        .union_all(
            select(small.c.id, now.c.learners, now.c.done)
            .join(now, true())
            .where(now.c.learners > 0)
        )
    )
    return {row[0]: (row[1], row[2]) for row in found}


def count_active(
    session: Session, organization_id: str, walkthrough_ids: Collection[str]
) -> dict[str, int]:
    """Return how many learners of the last `ACTIVE_DAYS` are mid-way; without any there is none."""
    kept, small = WalkthroughLearners, _not_kept(organization_id, walkthrough_ids)
    since = now_ms() - ACTIVE_DAYS * DAY_MS
    now = (
        select(func.count().label("active"))
        .where(*_rows_of(small, organization_id), _IS_MIDWAY, WalkthroughProgress.active_at > since)
        .lateral()
    )
    found = session.execute(
        select(kept.walkthrough_id, kept.active)
        .where(*_kept(organization_id, walkthrough_ids), kept.active > 0)
        .union_all(select(small.c.id, now.c.active).join(now, true()).where(now.c.active > 0))
    )
    return {row[0]: row[1] for row in found}


def learners_by_step(
    session: Session, organization_id: str, walkthrough_ids: Collection[str]
) -> dict[str, dict[str, int]]:
    """Return where learners stand: walkthrough row id -> author id of a step -> how many."""
    kept, step = WalkthroughLearners, WalkthroughStep
    small = _not_kept(organization_id, walkthrough_ids)
    now = (
        select(WalkthroughProgress.current_step_id.label("step_id"), func.count().label("learners"))
        .where(*_rows_of(small, organization_id), _IS_MIDWAY)
        .group_by(WalkthroughProgress.current_step_id)
        .lateral()
    )
    each = func.jsonb_each_text(kept.standing).table_valued("key", "value")
    found = session.execute(
        select(kept.walkthrough_id, step.external_id, func.sum(cast(each.c.value, Integer)))
        .join(each, kept.organization_id == organization_id)
        .join(step, (step.organization_id == organization_id) & (step.id == each.c.key))
        .where(*_kept(organization_id, walkthrough_ids))
        .group_by(kept.walkthrough_id, step.external_id)
        .union_all(
            select(small.c.id, step.external_id, func.sum(now.c.learners))
            .select_from(small)
            .join(now, true())
            .join(step, (step.organization_id == organization_id) & (step.id == now.c.step_id))
            .group_by(small.c.id, step.external_id)
        )
    )
    standing: dict[str, dict[str, int]] = defaultdict(dict)
    for walkthrough_id, external_id, count in found:
        standing[walkthrough_id][external_id] = int(count)
    return standing


def count_finished(session: Session, organization_id: str, walkthrough_id: str) -> int:
    """Return how many learners have finished the walkthrough."""
    return count_all(session, organization_id, [walkthrough_id]).get(walkthrough_id, (0, 0))[1]


def count_by_version(session: Session, organization_id: str, walkthrough_id: str) -> dict[int, int]:
    """Return how many learners saw which version last."""
    kept = session.scalar(
        select(WalkthroughLearners.versions).where(*_kept(organization_id, [walkthrough_id]))
    )
    if kept is not None:
        return {int(version): learners for version, learners in kept.items()}
    rows = session.execute(
        select(WalkthroughProgress.version, func.count())
        .where(
            WalkthroughProgress.organization_id == organization_id,
            WalkthroughProgress.walkthrough_id == walkthrough_id,
        )
        .group_by(WalkthroughProgress.version)
    )
    return {version: learners for version, learners in rows}  # noqa: C416  typed


def count_done(
    session: Session, organization_id: str, walkthrough_id: str, step_ids: Collection[str]
) -> dict[str, int]:
    """Return how many learners have completed each of the steps, by row id.

    Of a walkthrough with many learners: who have finished it, or stand on a later step.
    """
    if not step_ids:
        return {}
    kept = session.execute(
        select(WalkthroughLearners.completed, WalkthroughLearners.standing).where(
            *_kept(organization_id, [walkthrough_id])
        )
    ).one_or_none()
    if kept is not None:
        passed = _passed(session, organization_id, walkthrough_id, *kept)
        return {step_id: passed[step_id] for step_id in step_ids if passed.get(step_id)}
    rows = WalkthroughProgress
    done = func.jsonb_array_elements_text(rows.completed_steps).table_valued(column("value"))
    query = (
        select(done.c.value, func.count())
        .select_from(rows)
        .join(done, done.c.value.in_(step_ids))
        .where(rows.organization_id == organization_id, rows.walkthrough_id == walkthrough_id)
        .group_by(done.c.value)
    )
    return dict(row for row in session.execute(query))


def _passed(
    session: Session,
    organization_id: str,
    walkthrough_id: str,
    completed: int,
    standing: dict[str, int],
) -> dict[str, int]:
    """Return how many have finished or stand behind each live step, by its row id."""
    step = WalkthroughStep
    backwards = session.scalars(
        select(step.id)
        .where(
            step.organization_id == organization_id,
            step.walkthrough_id == walkthrough_id,
            step.archived_at.is_(None),
        )
        .order_by(step.display_order.desc())
    )
    passed, onward = {}, completed
    for step_id in backwards:
        passed[step_id] = onward
        onward += standing.get(step_id, 0)
    return passed


def _kept(
    organization_id: str, walkthrough_ids: Collection[str]
) -> tuple[ColumnElement[bool], ...]:
    return (
        WalkthroughLearners.organization_id == organization_id,
        WalkthroughLearners.walkthrough_id.in_(walkthrough_ids),
    )


def _rows_of(small: Subquery, organization_id: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the rows of one of *small*, to be asked of each by itself."""
    return (
        WalkthroughProgress.organization_id == organization_id,
        WalkthroughProgress.walkthrough_id == small.c.id,
    )


def _not_kept(organization_id: str, walkthrough_ids: Collection[str]) -> Subquery:
    """Return those of the walkthroughs whose learners are few: their rows alone are read."""
    return (
        select(Walkthrough.id)
        .where(
            Walkthrough.organization_id == organization_id,
            Walkthrough.id.in_(walkthrough_ids),
            ~exists().where(
                WalkthroughLearners.organization_id == organization_id,
                WalkthroughLearners.walkthrough_id == Walkthrough.id,
            ),
        )
        .subquery()
    )
