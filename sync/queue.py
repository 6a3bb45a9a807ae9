"""Decide which source is due, and what for; claim it."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    bindparam,
    case,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, defer, with_expression

from sync.runs import SourceRemoved, SyncRequest
from walkthroughs.database.pool import Database
from walkthroughs.enums import ProposalState, SyncTrigger
from walkthroughs.ids import now_ms
from walkthroughs.models import Approval, ContentSource, McpServer, Proposal

CHANNEL = "handrail_sync"
_log = logging.getLogger(__name__)


def request_sync(session: Session, organization_id: str, source_id: str) -> None:
    """Ask for a run, and wake the workers when this is committed.

    A request that is not answered keeps its time: who asks often does not wait since the last one.
    """
    last = func.coalesce(ContentSource.requested_at, 0)
    is_open = last > func.coalesce(ContentSource.answered_request_at, 0)
    # A run that has begun does not answer this one, so its number is another one all the same.
    later = case((is_open, last + 1), else_=func.greatest(last + 1, now_ms()))
    session.execute(
        update(ContentSource)
        .where(ContentSource.organization_id == organization_id, ContentSource.id == source_id)
        .values(requested_at=later)
    )
    session.execute(text(f"NOTIFY {CHANNEL}"))


def approve(session: Session, source: ContentSource, fingerprint: str, by: str) -> bool:
    """Approve the plan that waits, and ask for a run; return whether that very plan still waits.

    *source* is the session's own row, locked. A held source applies nothing, so nothing waits.
    """
    waiting = source.awaiting_approval
    if waiting is None or waiting.fingerprint != fingerprint or is_blocked_by_hold(source):
        return False
    source.approval = Approval(fingerprint, by, waiting.to)
    request_sync(session, source.organization_id, source.id)
    return True


def approve_rollback(
    session: Session, source: ContentSource, commit: str, fingerprint: str, by: str
) -> None:
    """Approve that a run goes back to *commit* and holds, if its plan still has this fingerprint.

    *source* is the session's own row, locked. A plan that has changed is not carried out.
    """
    source.approval = Approval(fingerprint, by, commit)
    request_sync(session, source.organization_id, source.id)


def is_blocked_by_hold(source: ContentSource) -> bool:
    """Return whether the source is held, and what waits is not a way back to an older commit."""
    waiting = source.awaiting_approval
    is_rollback = waiting is not None and waiting.to is not None
    return source.held_at is not None and not is_rollback


def is_requested(source: ContentSource) -> bool:
    """Return whether a run was requested that has not begun yet."""
    return (source.requested_at or 0) > (source.answered_request_at or 0)


def request_for(source: ContentSource) -> SyncRequest:
    """Return what to do, with the approval that was given."""
    if source.approval is not None:
        approval = source.approval
        return SyncRequest(SyncTrigger.DASHBOARD, approval.by, approval.fingerprint, approval.to)
    return SyncRequest(SyncTrigger.WEBHOOK if is_requested(source) else SyncTrigger.POLL)


def has_nothing_new(database: Database, source: ContentSource, head: str) -> bool:
    """Return whether nothing can have changed: that commit is live, waits, or is held back.

    A new server is news, too, if a problem of the last run may have been about it.
    """
    if source.approval is not None:
        return False
    waits = source.awaiting_approval is not None and source.awaiting_approval.commit == head
    held = source.held_at is not None and source.newest_commit == head
    is_known = head == source.synced_commit or waits or held
    return is_known and not _has_new_server(database, source)


def _has_new_server(database: Database, source: ContentSource) -> bool:
    """Return whether a server was made since the last check that a problem may be about."""
    if not source.problems or source.checked_at is None:
        return False
    with database.transaction() as session:
        made = select(McpServer.id).where(
            McpServer.organization_id == source.organization_id,
            McpServer.created_at >= source.checked_at,
        )
        return session.scalar(made.limit(1)) is not None


def due_at(source: ContentSource, default_seconds: float, now: int) -> float:
    """Return when to check the source again, in epoch milliseconds.

    A check that lies ahead of *now* was noted before the clock was set back: it counts as none.
    """
    if (
        source.checked_at is None
        or source.checked_at > now
        or source.approval is not None
        or is_requested(source)
    ):
        return 0
    return scheduled_at(source.checked_at, source, default_seconds)


def scheduled_at(checked_at: int, source: ContentSource, default_seconds: float) -> float:
    """Return when to check the source again that was checked then, if nobody asks for it.

    Each interval is made up to a fifth shorter or longer, by a rule that all
    processes share, so that sources do not ask their hosts in step.
    """
    seconds = source.interval_seconds or default_seconds
    chance = zlib.crc32(f"{source.id} {checked_at}".encode()) / 2**32
    return checked_at + seconds * 1000 * (0.8 + 0.4 * chance)


def list_sources(session: Session) -> list[ContentSource]:
    """Return every source, without the lists that only its page shows."""
    lists = (defer(ContentSource.problems), defer(ContentSource.pending_changes))
    return list(session.scalars(select(ContentSource).options(*lists).order_by(ContentSource.id)))


def read_source_ids(database: Database) -> frozenset[str]:
    """Return the ids of all sources."""
    with database.transaction() as session:
        return frozenset(session.scalars(select(ContentSource.id)))


def _claim(lock: Callable[..., ColumnElement[Any]]) -> Select[Any]:
    """Return the statement that claims a source, and reads its row."""
    source_id = bindparam("source_id", type_=Text)
    open_proposals = exists().where(
        Proposal.organization_id == ContentSource.organization_id,
        Proposal.source_id == ContentSource.id,
        Proposal.state == ProposalState.OPEN,
    )
    return (
        select(
            ContentSource,
            lock(func.hashtextextended(source_id, 0)),
            func.set_config("synchronous_commit", "off", True),
        )
        .where(ContentSource.id == source_id)
        .options(with_expression(ContentSource.has_open_proposals, open_proposals))
    )


_CLAIM_OR_WAIT = _claim(func.pg_advisory_xact_lock)
_CLAIM_IF_FREE = _claim(func.pg_try_advisory_xact_lock)


def _claimed(session: Session, claim: Select[Any], source_id: str) -> tuple[ContentSource, bool]:
    found = session.execute(claim, {"source_id": source_id}).one_or_none()
    if found is None:
        raise SourceRemoved
    row, got, _ = found
    return row, bool(got)


@contextmanager
def claim(database: Database, source_id: str, *, wait: bool) -> Iterator[ContentSource | None]:
    """Claim the source while the block runs; *wait* until it is free, else yield none if it is not.

    Yields the source row. Changes to it are committed when the block ends, without waiting for the
    disk: losing `checked_at` in a crash does no harm.

    Raises:
        SourceRemoved: there is no such source any more. One that was waited for may be gone, too:
            `history.read` tells.
    """
    session = database.direct_sessions()
    try:
        row, got = _claimed(session, _CLAIM_IF_FREE, source_id)
        if wait and not got:
            _log.warning('A run of the content source "%s" is under way. Waiting for it.', row.name)
            row, got = _claimed(session, _CLAIM_OR_WAIT, source_id)[0], True
        yield row if got else None
        with suppress(DBAPIError):  # the claim ended before: then `checked_at` is lost with it
            session.commit()
    finally:
        with suppress(DBAPIError):
            session.close()
