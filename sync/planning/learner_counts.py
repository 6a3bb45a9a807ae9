"""Count the learners that a plan affects."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from sync.planning.impact import LearnerCounts
from sync.planning.plan import Archive, Change, Update
from walkthroughs.publishing import learner_counts


def count_active(
    session: Session, organization_id: str, changes: Iterable[Change]
) -> dict[str, int]:
    """Return, for each walkthrough that *changes* archive, its learners of the last days."""
    return learner_counts.count_active(session, organization_id, _ids(changes, Archive))


def count_by_step(
    session: Session, organization_id: str, changes: Iterable[Change]
) -> LearnerCounts:
    """Return where the learners of the changed walkthroughs stand."""
    return learner_counts.learners_by_step(
        session, organization_id, _ids(changes, Archive | Update)
    )


def _ids(changes: Iterable[Change], kinds: object) -> list[str]:
    return [c.live.walkthrough_id for c in changes if isinstance(c, kinds)]  # type: ignore[arg-type, union-attr]
