"""Whether a source is to be synced now, and on whose word."""

from __future__ import annotations

from sqlalchemy import select

from sync.queue import is_requested
from sync.runs import SyncRequest
from walkthroughs.database.pool import Database
from walkthroughs.enums import SyncTrigger
from walkthroughs.models import ContentSource, McpServer


def request_for(source: ContentSource) -> SyncRequest:
    """Return what to do, with the approval that was given."""
    if source.approval is not None:
        approval = source.approval
        return SyncRequest(SyncTrigger.DASHBOARD, approval.by, approval.fingerprint, approval.to)
    return SyncRequest(SyncTrigger.WEBHOOK if is_requested(source) else SyncTrigger.POLL)


def has_nothing_new(source: ContentSource, head: str) -> bool:
    """Return whether nothing can have changed: that commit is live, waits, or is held back."""
    if source.approval is not None:
        return False
    waits = source.awaiting_approval is not None and source.awaiting_approval.commit == head
    held = source.held_at is not None and source.newest_commit == head
    return head == source.synced_commit or waits or held


def has_new_server(database: Database, source: ContentSource) -> bool:
    """Return whether a server was made since the last check that a problem may be about."""
    if not source.problems or source.checked_at is None:
        return False
    with database.transaction() as session:
        made = select(McpServer.id).where(
            McpServer.organization_id == source.organization_id,
            McpServer.created_at >= source.checked_at,
        )
        return session.scalar(made.limit(1)) is not None
