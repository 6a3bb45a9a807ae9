"""The loop that keeps sources in sync: on request at once, else each at its interval."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace

from psycopg2.extensions import connection as Connection

from sync import history
from sync.fence import ClaimLost
from sync.git.errors import RepositoryUnavailable
from sync.git.repository import Repository
from sync.queue import CHANNEL, claim, due_at, is_requested, list_sources
from sync.runs import PlanChanged, RunResult, SyncRequest
from sync.sync_source import open_repository_of, sync_claimed
from walkthroughs.database.listener import close, listen, wait
from walkthroughs.database.pool import Database
from walkthroughs.enums import SyncTrigger
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource
from walkthroughs.settings import Settings

_log = logging.getLogger(__name__)
_MAX_WAIT_SECONDS = 5.0
_INTERNAL_ERROR = "Something went wrong on our side, and is in the log. It is tried again."


def run_worker(database: Database, settings: Settings, stop: threading.Event) -> None:
    """Check every source when it is due, until *stop*. Errors are recorded, and tried again."""
    listener: Connection | None = None
    while not stop.is_set():
        nap = _MAX_WAIT_SECONDS
        try:
            # Listen before looking, so that no request falls between the two.
            listener = listener or listen(database, CHANNEL)
            nap = min(nap, _check_due_sources(database, settings, stop))
            wait(listener, nap, stop)
        except Exception:  # noqa: BLE001  the loop must outlive the database being away
            _log.exception("content sources could not be checked; trying again")
            close(listener)
            listener = None
            stop.wait(min(1.0, nap))
    close(listener)


def check_source(database: Database, settings: Settings, source_id: str) -> None:
    """Sync one source if its branch has moved or a run was requested; skip it if it is claimed."""
    with claim(database, source_id, wait=False) as source:
        if source is None:
            return
        request = _request_for(source)
        try:
            with (
                history.record_unavailable(database, source, request.trigger),
                open_repository_of(settings, source) as repository,
            ):
                head = repository.head()
                if _has_nothing_new(source, head):
                    history.mark_checked(source, head, source.requested_at)
                    return
                current = history.read(database, source_id)
                plan = _sync(database, settings, current, repository, request).plan
        except (RepositoryUnavailable, ClaimLost) as error:
            _log.warning("%s: %s", source.name, error)
            return
        said = (source.name, head[:10], len(plan.changes), len(plan.problems))
        _log.info("%s is at %s: %d change(s), %d problem(s)", *said)


def _request_for(source: ContentSource) -> SyncRequest:
    """Return what to do, with the approval that was given."""
    if source.approval is not None:
        approval = source.approval
        return SyncRequest(SyncTrigger.DASHBOARD, approval.by, approval.fingerprint, approval.to)
    return SyncRequest(SyncTrigger.WEBHOOK if is_requested(source) else SyncTrigger.POLL)


def _sync(
    database: Database,
    settings: Settings,
    source: ContentSource,
    repository: Repository,
    request: SyncRequest,
) -> RunResult:
    try:
        return sync_claimed(database, settings, source, repository, request)
    except PlanChanged:  # the plan is another one by now, and waits for approval again
        request = replace(request, actor=None, approved_fingerprint=None, rollback_to=None)
        return sync_claimed(database, settings, source, repository, request)


def _has_nothing_new(source: ContentSource, head: str) -> bool:
    """Return whether nothing can have changed: that commit is live, waits, or is held back."""
    if source.approval is not None:
        return False
    waits = source.awaiting_approval is not None and source.awaiting_approval.commit == head
    held = source.held_at is not None and source.newest_commit == head
    return head == source.synced_commit or waits or held


def _check_due_sources(database: Database, settings: Settings, stop: threading.Event) -> float:
    """Check the sources that are due; return the seconds until the next one is."""
    with database.transaction() as session:
        sources = list_sources(session)
    for source in sources:
        if due_at(source, settings.poll_seconds) <= now_ms() and not stop.is_set():
            _check_or_record_error(database, settings, source)
    with database.transaction() as session:
        times = [due_at(source, settings.poll_seconds) for source in list_sources(session)]
    return max(0.0, (min(times, default=now_ms() + 60_000) - now_ms()) / 1000)


def _check_or_record_error(database: Database, settings: Settings, source: ContentSource) -> None:
    """Check one source. An unexpected error is recorded, and does not stop the others."""
    try:
        check_source(database, settings, source.id)
    except Exception:  # noqa: BLE001  the sources behind it must have their turn
        _log.exception("%s could not be checked", source.name)
        # If the database is down, this fails as well, and the loop starts again.
        history.record_failed(database, source, SyncTrigger.POLL, now_ms(), _INTERNAL_ERROR)
