"""Where one learner is: each walkthrough that they have started, step by step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.orm import Session

from walkthroughs.enums import ProgressStatus
from walkthroughs.learning.position import StepRef, completed_before_move, current_step
from walkthroughs.models import (
    McpServer,
    McpServerUser,
    Walkthrough,
    WalkthroughAttempt,
    WalkthroughProgress,
    WalkthroughStep,
    WalkthroughVersion,
)

#: Walkthroughs on one page.
PLACES = 10
DONE, HERE, OPEN, ARCHIVED = "done", "here", "open", "archived"


@dataclass(frozen=True, slots=True)
class PlaceStep:
    """A step of the strip. `state`: done, here, open, or archived (done, and gone since)."""

    id: str
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class Place:
    """A walkthrough that the learner has started. Times are epoch milliseconds.

    `server` is where they began; none if it is deleted.
    """

    walkthrough_id: str
    title: str
    is_archived: bool
    server: str | None
    status: ProgressStatus
    version: int
    live_version: int
    started_at: int | None
    completed_at: int | None
    active_at: int
    held_back: int
    steps: tuple[PlaceStep, ...]
    earlier_attempts: int

    @property
    def live(self) -> tuple[PlaceStep, ...]:
        """Return the steps that the walkthrough has now."""
        return tuple(step for step in self.steps if step.state != ARCHIVED)

    @property
    def done(self) -> int:
        """Return how many of these are done."""
        return sum(step.state == DONE for step in self.steps)

    @property
    def here(self) -> tuple[int, PlaceStep] | None:
        """Return the number and the step where the learner is; none if nothing is left."""
        numbered = enumerate(self.live, 1)
        return next(((n, step) for n, step in numbered if step.state == HERE), None)

    @property
    def runs(self) -> tuple[tuple[int, int, str], ...]:
        """Return (start, length, state) of the strip's pieces, neighbours of a state as one."""
        runs: list[tuple[int, int, str]] = []
        for number, step in enumerate(self.steps):
            if runs and runs[-1][2] == step.state and len(self.steps) > _EACH_STEP:
                start, length, state = runs.pop()
                runs.append((start, length + 1, state))
            else:
                runs.append((number, 1, step.state))
        return tuple(runs)


#: With more steps than that the strip shows no gap between two of the same state.
_EACH_STEP = 40


def read_places(session: Session, learner: McpServerUser, page: int) -> tuple[list[Place], int]:
    """Return a page of what the learner has started, the last first, and how much there is.

    It takes five statements, however many walkthroughs and steps.
    """
    owner, progress = learner.organization_id, WalkthroughProgress
    own = (
        progress.organization_id == owner,
        progress.mcp_server_user_id == learner.id,
        progress.status != ProgressStatus.NOT_STARTED,
    )
    rows = session.execute(
        select(progress, Walkthrough, McpServer.slug, func.count().over())
        .join(Walkthrough, Walkthrough.id == progress.walkthrough_id)
        .outerjoin(
            McpServer,
            and_(McpServer.organization_id == owner, McpServer.id == progress.mcp_server_id),
        )
        .where(*own, Walkthrough.organization_id == owner)
        .order_by(progress.active_at.desc(), progress.id)
        .limit(PLACES)
        .offset((page - 1) * PLACES)
    ).all()
    if not rows:
        return [], 0
    ids = [row.Walkthrough.id for row in rows]
    completions = session.scalars(
        select(progress.completed_steps).where(
            progress.organization_id == owner, progress.mcp_server_user_id == learner.id
        )
    )
    completed = frozenset(step for steps in completions for step in steps)
    steps = _steps(session, owner, ids)
    versions = [(row.Walkthrough.id, row.WalkthroughProgress.version) for row in rows]
    seen = _steps_seen(session, owner, versions)
    ended = _attempts(session, learner, ids)
    places = [
        _place(row, steps[row.Walkthrough.id], seen, completed, ended.get(row.Walkthrough.id, 0))
        for row in rows
    ]
    return places, rows[0][3]


def _steps(session: Session, owner: str, ids: list[str]) -> Mapping[str, list[Any]]:
    """Return the steps of the walkthroughs in order, those that are gone last."""
    step = WalkthroughStep
    rows = session.execute(
        select(
            step.walkthrough_id, step.id, step.title, step.external_id, step.predecessor_ids,
            step.archived_at,
        )
        .where(step.organization_id == owner, step.walkthrough_id.in_(ids))
        .order_by(step.archived_at.is_not(None), step.display_order, step.id)
    )  # fmt: skip
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.walkthrough_id].append(row)
    return found


def _steps_seen(
    session: Session, owner: str, versions: Sequence[tuple[str, int]]
) -> dict[str, list[str]]:
    """Return the ids of the steps of the versions that the learner saw last, by walkthrough."""
    version = WalkthroughVersion
    rows = session.execute(
        select(version.walkthrough_id, version.step_ids).where(
            version.organization_id == owner,
            tuple_(version.walkthrough_id, version.number).in_(versions),
        )
    )
    return {row.walkthrough_id: row.step_ids for row in rows}


def _attempts(session: Session, learner: McpServerUser, ids: list[str]) -> dict[str, int]:
    attempt = WalkthroughAttempt
    rows = session.execute(
        select(attempt.walkthrough_id, func.count())
        .where(
            attempt.organization_id == learner.organization_id,
            attempt.mcp_server_user_id == learner.id,
            attempt.walkthrough_id.in_(ids),
        )
        .group_by(attempt.walkthrough_id)
    )
    return {row[0]: row[1] for row in rows}


def _place(
    row: Any,  # noqa: ANN401  a row of `read_places`
    steps: Sequence[Any],
    seen: Mapping[str, Sequence[str]],
    completed: frozenset[str],
    ended: int,
) -> Place:
    progress, walkthrough = row.WalkthroughProgress, row.Walkthrough
    names = {step.id: step.external_id for step in steps}
    live = [step for step in steps if step.archived_at is None]
    refs = [StepRef(s.id, s.external_id, frozenset(s.predecessor_ids)) for s in live]
    own = frozenset(progress.completed_steps)
    done = own | completed_before_move(completed, refs)
    last_seen = [StepRef(i, names[i]) for i in seen.get(walkthrough.id, ()) if i in names]
    here = current_step(progress.current_step_id, done, last_seen=last_seen, live=refs)
    return Place(
        walkthrough_id=walkthrough.id,
        title=walkthrough.title,
        is_archived=walkthrough.archived_at is not None,
        server=row.slug,
        status=progress.status,
        version=progress.version,
        live_version=walkthrough.version,
        started_at=progress.started_at,
        completed_at=progress.completed_at,
        active_at=progress.active_at,
        held_back=progress.hurried_calls,
        steps=(
            *(PlaceStep(s.id, s.title, _state(s.id, done, here)) for s in live),
            *(PlaceStep(s.id, s.title, ARCHIVED) for s in steps if s.archived_at and s.id in own),
        ),
        earlier_attempts=ended,
    )


def _state(step_id: str, done: frozenset[str], here: str | None) -> str:
    if step_id == here:
        return HERE
    return DONE if step_id in done else OPEN
