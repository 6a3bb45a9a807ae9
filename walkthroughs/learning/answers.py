"""Turn a learner's place in a published version into what a tool answers."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, text

from walkthroughs.enums import ProgressStatus
from walkthroughs.errors import LiveStepNotFound, WalkthroughNotFound
from walkthroughs.learning import pace, position
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache, PublishedVersion
from walkthroughs.learning.progress_rows import FIND_VISIBLE, row_keys
from walkthroughs.learning.views import (
    FastStep,
    ProgressFacts,
    StatusView,
    StepBody,
    StepLine,
    StepView,
)


def cached_view(cache: ContentCache, moved: FastStep) -> StepView | None:
    """Return the answer to an ordinary step from memory, if that version was read before."""
    published = cache.get(moved.walkthrough_id, moved.version, moved.digest)
    if published is None:
        return None
    return step_view(
        published,
        moved.current_step_id,
        moved.completed,
        finished=False,
        hurried=moved.shown_at is not None,
        notices=(pace.hurried_notice(moved.shown_at, moved.now),)
        if moved.shown_at is not None
        else (),
    )


def step_view(
    published: PublishedVersion,
    current: str | None,
    completed: frozenset[str] | set[str],
    *,
    finished: bool,
    hurried: bool = False,
    notices: tuple[str | None, ...] = (),
) -> StepView:
    """Return where the learner is; *current* is none when nothing is left."""
    done, total = len(published.step_ids & completed), len(published.steps)
    return StepView(
        walkthrough=published.ref,
        step=published.by_id[current] if current else None,
        progress=ProgressFacts(
            status=ProgressStatus.COMPLETED if finished else ProgressStatus.IN_PROGRESS,
            completed_steps=done,
            total_steps=total,
            percent=position.percent_of(done, total),
        ),
        notice=" ".join(line for line in notices if line) or None,
        hurried=hurried,
        has_pictures=current in published.with_pictures,
    )


def status_view(
    published: PublishedVersion,
    state: ProgressStatus,
    completed: frozenset[str],
    current: str | None,
    *,
    ended: int,
    named: StepBody | None,
) -> StatusView:
    """Return how far the learner is. A *named* step is shown if they have reached it."""
    reached = named is not None and (named.id in completed or named.id == current)
    return StatusView(
        current_step_id=current,
        status=state,
        percent=position.percent_of(len(published.step_ids & completed), len(published.steps)),
        version=published.ref.version,
        walkthrough=published.ref,
        earlier_attempts=ended,
        notice=f"Step {named.position} is not shown: the learner has not reached it yet."
        if named and not reached
        else None,
        step=named if reached else None,
        steps=tuple(_lines(published, completed, current)),
    )


def _lines(
    published: PublishedVersion, completed: frozenset[str], current: str | None
) -> list[StepLine]:
    lines = [
        done if done.id in completed else open_
        for open_, done in zip(published.open_lines, published.done_lines, strict=True)
    ]
    if current is not None:
        at = published.by_id[current].position - 1
        lines[at] = replace(lines[at], current=True)
    return lines


def live_step(
    published: PublishedVersion, step_id: str | None, position: int | None
) -> StepBody | None:
    """Return the live step that the caller names; none if they name none."""
    if step_id is not None:
        if step_id not in published.by_id:
            raise LiveStepNotFound(f'"{step_id[:80]}"', len(published.steps))
        return published.by_id[step_id]
    if position is None:
        return None
    if not 1 <= position <= len(published.steps):
        raise LiveStepNotFound(f"{position}", len(published.steps))
    return published.steps[position - 1]


def live_version(
    connection: Connection, cache: ContentCache, caller: Caller, walkthrough_id: str
) -> PublishedVersion:
    """Return the live version of a walkthrough that is offered here.

    Raises:
        WalkthroughNotFound: it is not offered here.
    """
    keys = row_keys(caller) | {"walkthrough_id": walkthrough_id}
    live = connection.execute(text(FIND_VISIBLE), keys).one_or_none()
    if live is None:
        raise WalkthroughNotFound(walkthrough_id)
    version = cache.load(
        connection, caller.organization_id, walkthrough_id, live.version, live.digest
    )
    if version is None:
        raise WalkthroughNotFound(walkthrough_id)
    return version
