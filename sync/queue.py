"""Which source is due, and who works on it: over any number of processes and machines.

A request is a time on the source's row, so requests coalesce: while one run is
under way, any number of requests make one more. The claim is an advisory lock
that a transaction holds: a worker that dies gives it back at once.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from walkthroughs.db import Database
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource

CHANNEL = "handrail_sync"


def request(session: Session, organization_id: str, source_id: str) -> None:
    """Ask for a run, and wake the workers when this is committed."""
    later = func.greatest(func.coalesce(ContentSource.requested_at, 0) + 1, now_ms())
    session.execute(
        update(ContentSource)
        .where(ContentSource.organization_id == organization_id, ContentSource.id == source_id)
        .values(requested_at=later)
    )
    session.execute(text(f"NOTIFY {CHANNEL}"))


def is_requested(source: ContentSource) -> bool:
    """Return whether somebody has asked for a run that has not begun yet."""
    return (source.requested_at or 0) > (source.handled_at or 0)


def due_at(source: ContentSource, default_seconds: float) -> float:
    """Return when to look at the source again, in epoch milliseconds.

    Each interval is made up to a fifth shorter or longer, by a rule that all
    processes share, so that sources do not ask their hosts in step.
    """
    if source.checked_at is None or is_requested(source):
        return 0
    seconds = source.interval_seconds or default_seconds
    chance = zlib.crc32(f"{source.id} {source.checked_at}".encode()) / 2**32
    return source.checked_at + seconds * 1000 * (0.8 + 0.4 * chance)


def read_all(session: Session) -> list[ContentSource]:
    """Return every source."""
    return list(session.scalars(select(ContentSource).order_by(ContentSource.id)))


@contextmanager
def claimed(database: Database, source_id: str, *, wait: bool) -> Iterator[Session | None]:
    """Claim the source while the block runs; *wait* until it is free, else yield none if it is not.

    The session is the one that holds the claim: what it writes is committed when the claim ends.
    """
    function = func.pg_advisory_xact_lock if wait else func.pg_try_advisory_xact_lock
    with database.transaction() as session:
        # What it writes is when it looked, which is not worth waiting for a disk.
        soon = func.set_config("synchronous_commit", "off", True)
        got = session.scalar(select(function(func.hashtextextended(source_id, 0)), soon))
        yield session if wait or got else None
