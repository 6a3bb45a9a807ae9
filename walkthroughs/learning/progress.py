"""A learner's way through a walkthrough: start, go on, look, start over.

Each call locks the learner's row, applies the pure rules of `position`, and writes
the row back. The ordinary step has a shorter way to the same end: `fast_path`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, text

from walkthroughs.database.pool import Database
from walkthroughs.enums import EventKind, ProgressStatus
from walkthroughs.errors import LastNotOffered, NothingStarted, StepNotFound
from walkthroughs.events.record import Event, record
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.learning import attempts, moved_steps
from walkthroughs.learning.answers import cached_view, live_step, live_version, status_view
from walkthroughs.learning.apply_rules import apply_rules, read_last_seen
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache, PublishedVersion
from walkthroughs.learning.place_rules import CurrentStep
from walkthroughs.learning.position import current_step
from walkthroughs.learning.progress_rows import (
    DELETE_EMPTY,
    LAST_ACTIVE,
    MARK_NOT_STARTED,
    RESTART,
    START,
    WALKTHROUGH_OF_STEP,
    read_row,
    row_keys,
)
from walkthroughs.learning.views import FastStep, StatusView, StepView, WalkthroughRef

_new_id = id_factory("wp")


def select(
    database: Database, cache: ContentCache, caller: Caller, walkthrough_id: str, *, resume: bool
) -> StepView:
    """Start the walkthrough, or take it up where the learner left it.

    With *resume* false the learner begins a new attempt at the first step: nothing counts as
    completed, not even what moved here from another walkthrough. The attempt that ends is kept.
    Who has completed nothing yet goes on with the same attempt.

    Raises:
        WalkthroughNotFound: it is not offered here.
    """

    def work() -> StepView:
        with database.begin() as connection:
            published = live_version(connection, cache, caller, walkthrough_id)
            keys = row_keys(caller) | {
                "walkthrough_id": walkthrough_id,
                "step_id": published.steps[0].id,
                "version": published.ref.version,
                "now": now_ms(),
                "id": _new_id(),
            }
            if resume:
                opened = _start_or_resume(connection, keys)
            else:
                opened = _begin_again(connection, caller, published, keys)
            return apply_rules(connection, caller, published, completing=None, opened=opened)

    return database.attempt(work)


def advance(
    database: Database,
    cache: ContentCache,
    caller: Caller,
    current_step_id: str | None,
) -> StepView:
    """Complete the learner's step and return the next one.

    With *current_step_id* this may be repeated or sent twice at once: the
    learner moves once. A step that is not the learner's place moves nothing;
    the answer is the place, and says so. Neither does a call that comes sooner
    after the step was shown than the pace of the server allows.

    Raises:
        StepNotFound: no such step in a walkthrough that is offered here and started.
        NothingStarted: no step was named and nothing is in progress.
        LastNotOffered: no step was named, and the last call was in what is not offered here.
    """
    if current_step_id is None:
        return _advance_latest(database, cache, caller)
    return database.attempt(lambda: _advance_by_rules(database, cache, caller, current_step_id))


def status(
    database: Database,
    cache: ContentCache,
    caller: Caller,
    walkthrough_id: str,
    *,
    step_id: str | None = None,
    position: int | None = None,
) -> StatusView:
    """Return how far the learner is, step by step. Changes nothing.

    A live step that is named, by its id or by its position from 1, is returned with its text if
    the learner has reached it; if not, the notice says so.

    Raises:
        WalkthroughNotFound: it is not offered here.
        LiveStepNotFound: no live step has that id or position.
    """
    with database.begin() as connection:
        published = live_version(connection, cache, caller, walkthrough_id)
        named = live_step(published, step_id, position)
        row = read_row(connection, caller, walkthrough_id, lock=False)
        completed = moved_steps.completed_before_move(connection, caller, published.step_refs)
        state, current = ProgressStatus.NOT_STARTED, None
        if row is not None:
            # Also of who has not begun: a step that had moved away when they reset may be back.
            completed |= frozenset(row.completed_steps)
        if row is not None and row.status != ProgressStatus.NOT_STARTED:
            state = ProgressStatus(row.status)
            last_seen = read_last_seen(connection, caller, published, row.version)
            current = current_step(
                row.current_step_id, completed, last_seen=last_seen, live=published.step_refs
            )
        ended = attempts.count(connection, caller, walkthrough_id)
    return status_view(published, state, completed, current, ended=ended, named=named)


def reset(
    database: Database,
    cache: ContentCache,
    caller: Caller,
    walkthrough_id: str,
    also: Callable[[Connection], None] | None = None,
) -> WalkthroughRef:
    """Forget the learner's progress in the walkthrough and all attempts, for good.

    That is the completions of the steps it has, wherever they were completed.
    Those of steps that moved to another walkthrough are the other's, and stay. *also* is done in
    the same transaction.

    Raises:
        WalkthroughNotFound: it is not offered here.
    """

    def work() -> WalkthroughRef:
        with database.begin() as connection:
            published = live_version(connection, cache, caller, walkthrough_id)
            keys = row_keys(caller) | {"walkthrough_id": walkthrough_id}
            moved_steps.lock_progress_rows(connection, caller)
            row = read_row(connection, caller, walkthrough_id, lock=True)
            ended = moved_steps.remove_completions(connection, caller, walkthrough_id)
            attempts.delete(connection, caller, walkthrough_id)
            connection.execute(DELETE_EMPTY, keys)
            connection.execute(MARK_NOT_STARTED, keys)
            if ended or (row is not None and row.status != ProgressStatus.NOT_STARTED):
                run = row.started_at if row is not None else None
                version = published.ref.version if row is None else row.version
                record(connection, keys, Event(EventKind.RESET, version, run_started_at=run))
            if also is not None:
                also(connection)
            return published.ref

    return database.attempt(work)


def _start_or_resume(connection: Connection, keys: dict[str, Any]) -> EventKind:
    """Start the walkthrough, unless it is started; return which of the two it was."""
    is_new = connection.execute(START, keys).rowcount > 0
    return EventKind.STARTED if is_new else EventKind.RESUMED


def _begin_again(
    connection: Connection, caller: Caller, published: PublishedVersion, keys: dict[str, Any]
) -> EventKind:
    """Put the learner on the first step with nothing completed; keep the attempt that ends."""
    # All rows in one order, before any by itself.
    moved_steps.lock_progress_rows(connection, caller)
    opened = _start_or_resume(connection, keys)
    row = read_row(connection, caller, published.ref.id, lock=True)
    ended = moved_steps.remove_completions(connection, caller, published.ref.id)
    if row is not None and ended:
        attempts.keep(connection, row, ended, published.step_refs, keys["now"])
    connection.execute(RESTART, keys | {"is_new_attempt": bool(ended)})
    return EventKind.RESTARTED if ended and opened is EventKind.RESUMED else opened


def _advance_latest(database: Database, cache: ContentCache, caller: Caller) -> StepView:
    """Advance in the walkthrough of the learner's last call. Twice would be two steps."""

    def work() -> StepView:
        with database.begin() as connection:
            keys = row_keys(caller) | {"now": now_ms()}
            last = connection.execute(text(LAST_ACTIVE), keys).one_or_none()
            if last is None:
                raise NothingStarted
            if not last.is_offered:
                raise LastNotOffered
            published = live_version(connection, cache, caller, last.walkthrough_id)
            return apply_rules(connection, caller, published, completing=CurrentStep())

    return database.attempt(work, repeatable=False)


def _advance_by_rules(
    database: Database, cache: ContentCache, caller: Caller, step_id: str
) -> StepView:
    with database.begin() as connection:
        walkthrough_id = connection.execute(
            text(WALKTHROUGH_OF_STEP), row_keys(caller) | {"step_id": step_id}
        ).scalar()
        if walkthrough_id is None:
            raise StepNotFound(step_id)
        published = live_version(connection, cache, caller, walkthrough_id)
        row = read_row(connection, caller, walkthrough_id, lock=True)
        if row is None or row.status == ProgressStatus.NOT_STARTED:
            raise StepNotFound(step_id)
        return apply_rules(connection, caller, published, completing=step_id)


def read_view_of(
    database: Database, cache: ContentCache, caller: Caller, moved: FastStep
) -> StepView:
    """Return the answer to an ordinary step whose version is not in memory: read it first."""
    with database.autocommit() as connection:
        cache.load(
            connection,
            caller.organization_id,
            moved.walkthrough_id,
            moved.version,
            moved.digest,
        )
    if (view := cached_view(cache, moved)) is not None:
        return view
    # A newer version has been published since: the rules say where the learner is.
    with database.begin() as connection:
        published = live_version(connection, cache, caller, moved.walkthrough_id)
        return apply_rules(connection, caller, published, completing=None)
