"""Read a source's sync state and health."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from sync.layout import WALKTHROUGHS
from walkthroughs.crypto import SecretUnreadable, decrypt
from walkthroughs.database.pool import Database
from walkthroughs.models import ContentSource, SyncRun, Walkthrough

_RUNS_SHOWN = 5


class Sync(StrEnum):
    """Whether what is live is what the branch says."""

    SYNCED = "synced"
    OUT_OF_SYNC = "out of sync"
    UNKNOWN = "unknown"


class Health(StrEnum):
    """Whether a person must act."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"  # a problem in the content; the rest is live
    WAITING = "waiting for approval"
    HELD = "held"
    UNREACHABLE = "unreachable"


#: What a monitor should tell of. A source that waits or is held is as somebody wants it.
BAD_HEALTH = frozenset({Health.DEGRADED, Health.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class WalkthroughStatus:
    """A walkthrough of the source.

    Attributes:
        version: the live one; none if it is still to be made.
        pending: what the newest commit would change and was not applied: a level, `create`,
            `show`, `assign` or `archive`; none if nothing.
        problems: mistakes in its folder, which keep the last good version live.
    """

    id: str
    version: int | None
    is_published: bool
    pending: str | None
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """A source, its walkthroughs and its last runs, as people ask for them."""

    source: ContentSource
    sync: Sync
    health: Health
    walkthroughs: tuple[WalkthroughStatus, ...]
    runs: tuple[SyncRun, ...]
    has_lost_webhook: bool


def sync_and_health(source: ContentSource) -> tuple[Sync, Health]:
    """Return the two states of *source*. Pure."""
    if source.error:
        return Sync.UNKNOWN, Health.UNREACHABLE
    if source.newest_commit is None:
        return Sync.UNKNOWN, Health.HEALTHY
    same = source.newest_commit == source.synced_commit
    sync = Sync.SYNCED if same and source.awaiting_approval is None else Sync.OUT_OF_SYNC
    if source.awaiting_approval is not None:
        return sync, Health.WAITING
    if source.held_at is not None:
        return sync, Health.HELD
    return sync, Health.DEGRADED if source.problems else Health.HEALTHY


def has_lost_webhook(source: ContentSource, secret_keys: Sequence[str]) -> bool:
    """Return whether the source has a webhook whose secret none of the keys opens. Pure.

    Such a webhook answers 503 to each notification.
    """
    if source.webhook_secret is None:
        return False
    try:
        decrypt(secret_keys, source.webhook_secret)
    except SecretUnreadable:
        return True
    return False


def read_status(database: Database, source: ContentSource, secret_keys: Sequence[str]) -> Status:
    """Return the status of *source*, as a process with these keys knows it."""
    owner = source.organization_id
    with database.transaction() as session:
        walkthroughs = session.scalars(
            select(Walkthrough)
            .where(
                Walkthrough.organization_id == owner,
                Walkthrough.source_id == source.id,
                Walkthrough.archived_at.is_(None),
            )
            .order_by(Walkthrough.external_id)
        ).all()
        runs = session.scalars(
            select(SyncRun)
            .where(SyncRun.organization_id == owner, SyncRun.source_id == source.id)
            .order_by(SyncRun.started_at.desc())
            .limit(_RUNS_SHOWN)
        ).all()
    items, is_lost = _items(source, walkthroughs), has_lost_webhook(source, secret_keys)
    return Status(source, *sync_and_health(source), items, tuple(runs), is_lost)


def _items(source: ContentSource, rows: Sequence[Walkthrough]) -> tuple[WalkthroughStatus, ...]:
    """Put versions, pending changes and problems together, by the author's id."""
    pending = {each.id: each.change for each in source.pending_changes}
    problems: defaultdict[str | None, list[str]] = defaultdict(list)
    for each in source.problems:
        folder = each.path.removeprefix(f"{WALKTHROUGHS}/").split("/")[0]
        problems[folder].append(str(each))
    live = {row.external_id: row for row in rows}
    return tuple(
        WalkthroughStatus(
            id=name,
            version=row.version if row else None,
            is_published=row is not None and row.is_published,
            pending=pending.get(name),
            problems=tuple(problems[row.folder]) if row else (),
        )
        for name in sorted(live.keys() | pending.keys())
        for row in [live.get(name)]
    )
