"""Count the learners that a change of walkthroughs affects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import column, func, select
from sqlalchemy.orm import Session

from walkthroughs.enums import ProgressStatus
from walkthroughs.models.progress import WalkthroughProgress
from walkthroughs.models.walkthroughs import WalkthroughStep


def learners_by_step(
    session: Session, organization_id: str, walkthrough_ids: Collection[str]
) -> dict[str, dict[str, int]]:
    """Return where learners stand: walkthrough row id -> author id of a step -> how many."""
    rows, step = WalkthroughProgress, WalkthroughStep
    found = session.execute(
        select(rows.walkthrough_id, step.external_id, func.count())
        .join(
            step,
            (step.organization_id == rows.organization_id) & (step.id == rows.current_step_id),
        )
        .where(
            rows.organization_id == organization_id,
            rows.walkthrough_id.in_(walkthrough_ids),
            rows.status == ProgressStatus.IN_PROGRESS,
        )
        .group_by(rows.walkthrough_id, step.external_id)
    )
    standing: dict[str, dict[str, int]] = defaultdict(dict)
    for walkthrough_id, external_id, count in found:
        standing[walkthrough_id][external_id] = count
    return standing


def count_finished(session: Session, organization_id: str, walkthrough_id: str) -> int:
    """Return how many learners have finished the walkthrough."""
    rows = WalkthroughProgress
    query = select(func.count()).where(
        rows.organization_id == organization_id,
        rows.walkthrough_id == walkthrough_id,
        rows.status == ProgressStatus.COMPLETED,
    )
    return session.scalar(query) or 0


def count_done(
    session: Session, organization_id: str, walkthrough_id: str, step_ids: Collection[str]
) -> dict[str, int]:
    """Return how many learners have completed each of the steps, by row id."""
    if not step_ids:
        return {}
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
