"""Erase a learner. What they leave is totals, which say nothing about a person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.orm import Session

from walkthroughs.audit.record import Event, record
from walkthroughs.enums import ProgressStatus
from walkthroughs.errors import NotFound
from walkthroughs.events.owners import forget_last_day, forget_learner, hold_events
from walkthroughs.events.scope import DAY_MS
from walkthroughs.identity.learner_rows import lock_learners
from walkthroughs.identity.learners import ERASED, find_learner, learner_ids
from walkthroughs.ids import id_factory
from walkthroughs.models.progress import WalkthroughAttempt, WalkthroughProgress
from walkthroughs.models.servers import McpServerUser
from walkthroughs.models.sign_in import SignInCode

_new_attempt_id = id_factory("wa")


def erase(session: Session, organization_id: str, named: str) -> int:
    """Delete a learner with all that is theirs; return how many attempts are left as totals.

    Each walkthrough that they had started, and each attempt that they had ended, becomes an attempt
    of the organization's erased learners, with new ids and with days in place of times: counts of
    starts, completions and steps stay, and nothing says which of them were one person's. Their
    events are nobody's. It cannot be undone.

    Raises:
        NotFound: the organization has no such learner.
    """
    hold_events(session)
    learner = find_learner(session, organization_id, named)
    if not lock_learners(session, organization_id, [learner.id]):
        raise NotFound(f'The organization has no learner "{named[:80]}".')
    totals = [
        *(_ended_attempt(row) for row in _rows(session, WalkthroughProgress, learner)),
        *(_ended_attempt(row) for row in _rows(session, WalkthroughAttempt, learner)),
    ]
    forget_learner(session, organization_id, learner.id)
    forget_last_day(session, organization_id, learner.active_on)
    session.delete(learner)
    session.execute(
        delete(SignInCode).where(
            SignInCode.organization_id == organization_id, SignInCode.email == learner.email
        )
    )
    session.flush()
    # Without the address: what is recorded cannot be erased.
    record(session, Event(organization_id, "learner.erase", learner.id, "a learner"))
    if totals:
        nobody = learner_ids(session, organization_id, [ERASED])[ERASED]
        rows = [each | {"mcp_server_user_id": nobody} for each in totals]
        session.execute(insert(WalkthroughAttempt), rows)
    return len(totals)


def _rows(session: Session, model: Any, learner: McpServerUser) -> list[Row[Any]]:  # noqa: ANN401
    """Lock and return a learner's rows, so that steps that are on the way count."""
    table = model.__table__
    query = select(table).where(
        table.c.organization_id == learner.organization_id,
        table.c.mcp_server_user_id == learner.id,
    )
    if model is WalkthroughProgress:
        query = query.where(table.c.status != ProgressStatus.NOT_STARTED)
    return list(session.execute(query.order_by(table.c.id).with_for_update()))


def _ended_attempt(row: Row[Any]) -> dict[str, Any]:
    """Return the columns of an attempt that has what counts of *row*, and no time of day."""
    facts = row._mapping
    ended_at = facts["ended_at"] if "ended_at" in facts else facts["active_at"]
    return {
        "id": _new_attempt_id(),
        "organization_id": row.organization_id,
        "walkthrough_id": row.walkthrough_id,
        "mcp_server_id": row.mcp_server_id,
        "version": row.version,
        "started_at": _day(row.started_at or ended_at),
        "completed_at": _day(row.completed_at) if row.completed_at else None,
        "ended_at": _day(ended_at),
        "completed_steps": row.completed_steps,
    }


def _day(at_ms: int) -> int:
    return at_ms - at_ms % DAY_MS
