"""Count the learners that a plan affects."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sync.planning.approval import ACTIVE_DAYS
from sync.planning.impact import LearnerCounts
from sync.planning.plan import Archive, Change, Update
from walkthroughs.enums import ProgressStatus
from walkthroughs.ids import now_ms
from walkthroughs.models import WalkthroughProgress
from walkthroughs.publishing.learner_counts import learners_by_step

_DAY_MS = 86_400_000


def count_active(
    session: Session, organization_id: str, changes: Iterable[Change]
) -> dict[str, int]:
    """Return, for each walkthrough that *changes* archive, its learners of the last days."""
    rows = WalkthroughProgress
    found = session.execute(
        select(rows.walkthrough_id, func.count())
        .where(
            rows.organization_id == organization_id,
            rows.walkthrough_id.in_(_ids(changes, Archive)),
            rows.status == ProgressStatus.IN_PROGRESS,
            rows.active_at > now_ms() - ACTIVE_DAYS * _DAY_MS,
        )
        .group_by(rows.walkthrough_id)
    )
    return {row.walkthrough_id: row[1] for row in found}


def count_by_step(
    session: Session, organization_id: str, changes: Iterable[Change]
) -> LearnerCounts:
    """Return where the learners of the changed walkthroughs stand."""
    return learners_by_step(session, organization_id, _ids(changes, Archive | Update))


def _ids(changes: Iterable[Change], kinds: object) -> list[str]:
    return [c.live.walkthrough_id for c in changes if isinstance(c, kinds)]  # type: ignore[arg-type, union-attr]
