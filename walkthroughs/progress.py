"""A learner's way through a walkthrough: start, go on, look, start over.

Each call locks the learner's row, applies the pure rules of `journey`, and writes
the row back. The ordinary step has a shorter way to the same end: `advance`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from walkthroughs import attempts, elsewhere, journey, pace
from walkthroughs.advance import Advanced
from walkthroughs.caller import Caller
from walkthroughs.catalog import VISIBLE
from walkthroughs.db import Database
from walkthroughs.editions import Edition, Editions
from walkthroughs.errors import LiveStepNotFound, NothingStarted, StepNotFound, WalkthroughNotFound
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.journey import Stop
from walkthroughs.models import Status
from walkthroughs.step_view import (
    ProgressFacts,
    StatusView,
    StepBody,
    StepLine,
    StepView,
    WalkthroughRef,
)

_new_id = id_factory("wp")
_editions = Editions()

_NOT_THE_PLACE = (
    "That step is not where the learner is (it is done already, or still ahead), so nothing moved."
)

_FIND = f"SELECT w.id FROM walkthroughs w WHERE w.id = :walkthrough_id AND {VISIBLE}"  # noqa: S608  constants
_MINE = """
    p.organization_id = :organization_id AND p.mcp_server_user_id = :learner_id
"""
_LATEST = f"""
    SELECT p.walkthrough_id FROM walkthrough_progress p
      JOIN walkthroughs w ON w.id = p.walkthrough_id AND {VISIBLE}
     WHERE {_MINE} AND p.status <> 'not_started' ORDER BY p.active_at DESC LIMIT 1
"""  # noqa: S608  constants
_OF_STEP = f"""
    SELECT s.walkthrough_id FROM walkthrough_steps s
      JOIN walkthroughs w ON w.id = s.walkthrough_id AND {VISIBLE}
     WHERE s.organization_id = :organization_id AND s.id = :step_id
"""  # noqa: S608  constants
_ROW = f"""
    SELECT p.* FROM walkthrough_progress p
     WHERE {_MINE} AND p.walkthrough_id = :walkthrough_id
"""  # noqa: S608  constants
_SEEN = text(
    """
    SELECT s.id, s.external_id
      FROM walkthrough_versions v, jsonb_array_elements_text(v.step_ids) WITH ORDINALITY AS o(id, n)
      JOIN walkthrough_steps s ON s.id = o.id
     WHERE v.organization_id = :organization_id AND v.walkthrough_id = :walkthrough_id
       AND v.number = :version AND s.organization_id = :organization_id
     ORDER BY o.n
    """
)
_START = text(
    """
    INSERT INTO walkthrough_progress (id, organization_id, mcp_server_user_id, walkthrough_id,
        mcp_server_id, current_step_id, status, completed_steps, started_at, version, active_at)
    VALUES (:id, :organization_id, :learner_id, :walkthrough_id, :server_id, :step_id,
        'in_progress', '[]', :now, :version, :now)
    ON CONFLICT (mcp_server_user_id, walkthrough_id) DO UPDATE
       SET current_step_id = EXCLUDED.current_step_id, status = EXCLUDED.status,
           started_at = EXCLUDED.started_at, version = EXCLUDED.version
     WHERE walkthrough_progress.status = 'not_started'
    """
)
# Who had completed nothing goes on with the same attempt.
_RESTART = text(
    f"""
    UPDATE walkthrough_progress p
       SET current_step_id = :step_id, status = 'in_progress',
           started_at = CASE WHEN :is_new_attempt THEN :now ELSE started_at END,
           mcp_server_id = CASE WHEN :is_new_attempt THEN :server_id ELSE mcp_server_id END,
           completed_at = NULL, version = :version, active_at = :now
     WHERE {_MINE} AND p.walkthrough_id = :walkthrough_id
    """  # noqa: S608  constants
)
_KEEP = text(
    """
    UPDATE walkthrough_progress
       SET current_step_id = :current_step_id, status = CAST(:status AS walkthrough_status),
           completed_steps = completed_steps || CAST(:completed AS jsonb),
           completed_at = :completed_at, version = :version, active_at = :now
     WHERE organization_id = :organization_id AND id = :id
    """
)
_COUNT_HURRIED = text(
    """
    UPDATE walkthrough_progress
       SET hurried_calls = hurried_calls + 1, active_at = :shown_at
     WHERE organization_id = :organization_id AND id = :id
    """
)
_DELETE = text(
    f"""
    DELETE FROM walkthrough_progress p
     WHERE {_MINE} AND p.walkthrough_id = :walkthrough_id AND p.completed_steps = '[]'
    """  # noqa: S608  constants
)
# What is left was completed here and belongs to another walkthrough now.
_RETIRE = text(
    f"""
    UPDATE walkthrough_progress p
       SET status = 'not_started', started_at = NULL, completed_at = NULL
     WHERE {_MINE} AND p.walkthrough_id = :walkthrough_id
    """  # noqa: S608  constants
)


def select(database: Database, caller: Caller, walkthrough_id: str, *, resume: bool) -> StepView:
    """Start the walkthrough, or take it up where the learner left it.

    With *resume* false the learner begins a new attempt at the first step: nothing counts as
    completed, not even what moved here from another walkthrough. The attempt that ends is kept.
    Who has completed nothing yet goes on with the same attempt.

    Raises:
        WalkthroughNotFound: it is not offered here.
    """

    def work() -> StepView:
        with database.engine.begin() as connection:
            edition = _edition(connection, caller, walkthrough_id)
            keys = _keys(caller) | {
                "walkthrough_id": walkthrough_id,
                "step_id": edition.steps[0].id,
                "version": edition.ref.version,
                "now": now_ms(),
                "id": _new_id(),
            }
            if resume:
                connection.execute(_START, keys)
            else:
                _begin_again(connection, caller, edition, keys)
            return _resolve(connection, caller, edition, completing=None)

    return database.attempt(work)


def advance(
    database: Database,
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
    """
    if current_step_id is None:
        return _advance_latest(database, caller)
    return database.attempt(lambda: _advance_by_rules(database, caller, current_step_id))


def status(
    database: Database,
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
    with database.engine.connect() as connection:
        edition = _edition(connection, caller, walkthrough_id)
        named = _live_step(edition, step_id, position)
        row = _row(connection, caller, walkthrough_id, lock=False)
        completed = elsewhere.followed(connection, caller, edition.stops)
        state, here = Status.NOT_STARTED, None
        if row is not None and row.status != Status.NOT_STARTED:
            state, completed = Status(row.status), completed | frozenset(row.completed_steps)
            seen = _seen(connection, caller, edition, row.version)
            here = journey.place(row.current_step_id, completed, seen=seen, live=edition.stops)
        ended = attempts.count(connection, caller, walkthrough_id)
    return _status_view(edition, state, completed, here, ended=ended, named=named)


def reset(database: Database, caller: Caller, walkthrough_id: str) -> WalkthroughRef:
    """Forget the learner's progress in the walkthrough and all attempts, for good.

    That is the completions of the steps it has, wherever they were completed.
    Those of steps that moved to another walkthrough are the other's, and stay.

    Raises:
        WalkthroughNotFound: it is not offered here.
    """

    def work() -> WalkthroughRef:
        with database.engine.begin() as connection:
            edition = _edition(connection, caller, walkthrough_id)
            keys = _keys(caller) | {"walkthrough_id": walkthrough_id}
            elsewhere.forget(connection, caller, walkthrough_id)
            attempts.delete(connection, caller, walkthrough_id)
            connection.execute(_DELETE, keys)
            connection.execute(_RETIRE, keys)
            return edition.ref

    return database.attempt(work)


def _begin_again(
    connection: Connection, caller: Caller, edition: Edition, keys: dict[str, Any]
) -> None:
    """Put the learner on the first step with nothing completed; keep the attempt that ends."""
    elsewhere.lock(connection, caller)  # all rows in one order, before any by itself
    connection.execute(_START, keys)
    row = _row(connection, caller, edition.ref.id, lock=True)
    ended = elsewhere.forget(connection, caller, edition.ref.id)
    if row is not None and ended:
        attempts.keep(connection, row, ended, edition.stops, keys["now"])
    connection.execute(_RESTART, keys | {"is_new_attempt": bool(ended)})


def _advance_latest(database: Database, caller: Caller) -> StepView:
    """Advance in the walkthrough of the learner's last call. Never tried twice."""
    with database.engine.begin() as connection:
        found = connection.execute(text(_LATEST), _keys(caller)).scalar()
        if found is None:
            raise NothingStarted
        edition = _edition(connection, caller, found)
        return _resolve(connection, caller, edition, completing=_Current())


def _advance_by_rules(database: Database, caller: Caller, step_id: str) -> StepView:
    with database.engine.begin() as connection:
        found = connection.execute(text(_OF_STEP), _keys(caller) | {"step_id": step_id}).scalar()
        if found is None:
            raise StepNotFound(step_id)
        edition = _edition(connection, caller, found)
        row = _row(connection, caller, found, lock=True)
        if row is None or row.status == Status.NOT_STARTED:
            raise StepNotFound(step_id)
        return _resolve(connection, caller, edition, completing=step_id)


@dataclass(frozen=True, slots=True)
class _Current:
    """Stands for "whatever step the learner was last shown"."""


def _resolve(
    connection: Connection,
    caller: Caller,
    edition: Edition,
    *,
    completing: str | _Current | None,
) -> StepView:
    """Apply the rules to the learner's locked row, write it back, and show the place."""
    row = _row(connection, caller, edition.ref.id, lock=True)
    if row is None:
        raise NothingStarted
    live = edition.stops
    kept = set(row.completed_steps)
    completed = kept | elsewhere.followed(connection, caller, live)
    seen = _seen(connection, caller, edition, row.version)
    here = journey.place(row.current_step_id, completed, seen=seen, live=live)
    # Who was told that nothing is left is on no step; the row still names the last one.
    shown = {stop.id for stop in seen} & {row.current_step_id} | {here}
    step = row.current_step_id if isinstance(completing, _Current) else completing
    done = step if step in shown and step not in completed else None
    now = now_ms()
    # A step that vanished is not held back: the learner cannot do it any more.
    is_current = done is not None and done == here
    hurried = is_current and pace.is_hurried(row.active_at, now, caller.pace_seconds)
    if done and not hurried:
        completed |= {done} | journey.followed({done}, live)
        # A step that vanished is history; the learner has not been shown the next one yet.
        here = journey.following(here, completed, live) if here and here in completed else here
    finished = here is None or row.status == Status.COMPLETED
    keys = {"organization_id": caller.organization_id, "id": row.id}
    if hurried:
        shown_at = pace.restamped(row.active_at, now)
        connection.execute(_COUNT_HURRIED, keys | {"shown_at": shown_at})
    else:
        state = {
            "current_step_id": here or row.current_step_id,
            "status": (Status.COMPLETED if finished else Status.IN_PROGRESS).value,
            "completed": json.dumps(sorted(completed - kept)),
            "completed_at": (row.completed_at or now) if finished else None,
            "version": edition.ref.version,
            "now": now,
        }
        connection.execute(_KEEP, keys | state)
    if done and done not in edition.by_id:
        elsewhere.hand_on(connection, caller, done)
    notices = (
        pace.hurried_notice(row.active_at, now) if hurried else None,
        journey.notice(seen, live, here) if row.version != edition.ref.version else None,
        journey.since_finished(completed, live) if row.status == Status.COMPLETED else None,
        _NOT_THE_PLACE if isinstance(completing, str) and not done else None,
    )
    return _view(edition, here, completed, finished=finished, hurried=hurried, notices=notices)


def view_of(moved: Advanced) -> StepView | None:
    """Return the answer to an ordinary step from memory, if that version was read before."""
    edition = _editions.get(moved.walkthrough_id, moved.version)
    if edition is None:
        return None
    return _view(
        edition,
        moved.current_step_id,
        moved.completed,
        finished=False,
        hurried=moved.shown_at is not None,
        notices=(pace.hurried_notice(moved.shown_at, moved.now),)
        if moved.shown_at is not None
        else (),
    )


def read_view_of(database: Database, caller: Caller, moved: Advanced) -> StepView:
    """Return the answer to an ordinary step whose version is not in memory: read it first."""
    with database.reading() as connection:
        _editions.read(connection, caller.organization_id, moved.walkthrough_id)
    # A newer version may have been published since: then the rules say where the learner is.
    return view_of(moved) or select(database, caller, moved.walkthrough_id, resume=True)


def _view(
    edition: Edition,
    here: str | None,
    completed: frozenset[str] | set[str],
    *,
    finished: bool,
    hurried: bool = False,
    notices: tuple[str | None, ...] = (),
) -> StepView:
    return StepView(
        walkthrough=edition.ref,
        step=edition.by_id[here] if here else None,
        progress=ProgressFacts(
            status=Status.COMPLETED if finished else Status.IN_PROGRESS,
            completed_steps=sum(1 for stop in edition.stops if stop.id in completed),
            total_steps=len(edition.stops),
            percent=journey.percent(completed, edition.stops),
        ),
        notice=" ".join(line for line in notices if line) or None,
        hurried=hurried,
    )


def _status_view(
    edition: Edition,
    state: Status,
    completed: frozenset[str],
    here: str | None,
    *,
    ended: int,
    named: StepBody | None,
) -> StatusView:
    reached = named is not None and (named.id in completed or named.id == here)
    return StatusView(
        current_step_id=here,
        status=state,
        percent=journey.percent(completed, edition.stops),
        version=edition.ref.version,
        walkthrough=edition.ref,
        earlier_attempts=ended,
        notice=f"Step {named.position} is not shown: the learner has not reached it yet."
        if named and not reached
        else None,
        step=named if reached else None,
        steps=tuple(
            StepLine(
                id=step.id,
                title=step.title,
                section=step.section,
                position=step.position,
                completed=step.id in completed,
                current=step.id == here,
            )
            for step in edition.steps
        ),
    )


def _live_step(edition: Edition, step_id: str | None, position: int | None) -> StepBody | None:
    """Return the live step that the caller names; none if they name none."""
    if step_id is not None:
        if step_id not in edition.by_id:
            raise LiveStepNotFound(f'"{step_id[:80]}"', len(edition.steps))
        return edition.by_id[step_id]
    if position is None:
        return None
    if not 1 <= position <= len(edition.steps):
        raise LiveStepNotFound(f"{position}", len(edition.steps))
    return edition.steps[position - 1]


def _keys(caller: Caller) -> dict[str, Any]:
    return {
        "organization_id": caller.organization_id,
        "server_id": caller.server_id,
        "learner_id": caller.learner_id,
    }


def _edition(connection: Connection, caller: Caller, walkthrough_id: str) -> Edition:
    """Return the live version of a walkthrough that is offered here."""
    keys = _keys(caller) | {"walkthrough_id": walkthrough_id}
    if connection.execute(text(_FIND), keys).scalar() is None:
        raise WalkthroughNotFound(walkthrough_id)
    edition = _editions.read(connection, caller.organization_id, walkthrough_id)
    if edition is None:
        raise WalkthroughNotFound(walkthrough_id)
    return edition


def _row(
    connection: Connection, caller: Caller, walkthrough_id: str, *, lock: bool
) -> Row[Any] | None:
    statement = text(f"{_ROW} FOR NO KEY UPDATE" if lock else _ROW)
    return connection.execute(
        statement, _keys(caller) | {"walkthrough_id": walkthrough_id}
    ).one_or_none()


def _seen(
    connection: Connection, caller: Caller, edition: Edition, version: int
) -> tuple[Stop, ...]:
    """Return the order of the version the learner last saw."""
    if version == edition.ref.version:
        return edition.stops
    rows = connection.execute(
        _SEEN,
        {
            "organization_id": caller.organization_id,
            "walkthrough_id": edition.ref.id,
            "version": version,
        },
    )
    return tuple(Stop(row.id, row.external_id) for row in rows)
