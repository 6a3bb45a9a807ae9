"""The loop that keeps sources in sync: on request at once, else each at its interval."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from psycopg2.extensions import connection as Connection

from sync import history, queue, recheck
from sync.fence import ClaimLost
from sync.git.copies import sweep
from sync.git.errors import RepositoryUnavailable, Stopped
from sync.git.orphans import Orphans
from sync.git.repository import Repository
from sync.proposals.drafts import conclude_drafts
from sync.proposals.outcome import follow_unmoved, read_open
from sync.runs import PlanChanged, RunResult, SourceRemoved, SyncRequest
from sync.source_repository import open_repository_of
from sync.sync_source import sync_claimed
from sync.turns import Turns, waits_since
from walkthroughs.database.listener import close, listen, wait
from walkthroughs.database.pool import Database
from walkthroughs.database.unavailable import DatabaseUnavailable, unavailable_errors
from walkthroughs.enums import RunOutcome, SyncTrigger
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource
from walkthroughs.publishing.picture_sweep import sweep_pictures
from walkthroughs.publishing.text_index import note_words
from walkthroughs.settings import Settings

_log = logging.getLogger(__name__)
_MAX_WAIT_SECONDS = 5.0
#: Sources that are checked at once.
AT_ONCE = 4
#: How soon to look again while sources are checked.
_BUSY_SECONDS = 0.25
#: Walkthroughs whose words are noted before sources are looked at again: a tenth of a second.
_NOTED_AT_ONCE = 20
#: How soon after its start a process deletes unused pictures, and how often; copies at once.
_FIRST_SWEEP_SECONDS, _SWEEP_SECONDS = 600.0, 6 * 3600.0
_INTERNAL_ERROR = "Something went wrong on our side, and is in the log. It is tried again."


def run_worker(
    database: Database,
    settings: Settings,
    stop: threading.Event,
    count: Callable[[str], None] = lambda _: None,
    at_once: int = AT_ONCE,
) -> None:
    """Check every source when it is due, until *stop*. Errors are recorded, and tried again.

    A few sources are checked at once, so that a slow host delays no other organization: *at_once*,
    each with three connections at most. *count* gets what each check came to: see `check_source`.
    """
    listener: Connection | None = None
    orphans, next_sweep = Orphans(), 0.0
    with ThreadPoolExecutor(at_once, thread_name_prefix="content-source") as pool:
        checks = _Checks(database, settings, stop, pool, count, at_once)
        while not stop.is_set():
            nap = _MAX_WAIT_SECONDS
            try:
                with unavailable_errors():
                    # Listen before looking, so that no request falls between the two.
                    listener = listener or listen(database, queue.CHANNEL)
                    orphans.end()
                    if time.monotonic() > next_sweep:
                        sweep(settings.data_dir, queue.read_source_ids(database))
                        next_sweep = time.monotonic() + _SWEEP_SECONDS
                    nap = min(nap, checks.start_due())
                    # Beside checks slowly: they are waited for, and the search works without.
                    limit = 2 if nap == _BUSY_SECONDS else _NOTED_AT_ONCE
                    if note_words(database, limit) == _NOTED_AT_ONCE:
                        nap = 0
                    wait(listener, nap, stop)
            except Exception as error:  # noqa: BLE001  the loop must outlive what it works on
                if not isinstance(error, DatabaseUnavailable):  # that is logged where it was seen
                    _log.exception("content sources could not be checked; trying again")
                close(listener)
                listener = None
                stop.wait(min(1.0, nap))
    close(listener)


class _Checks:
    """The sources that are checked at the moment."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        stop: threading.Event,
        pool: ThreadPoolExecutor,
        count: Callable[[str], None],
        at_once: int,
    ) -> None:
        self._count, self._at_once, self._turns = count, at_once, Turns(at_once)
        self._database, self._settings, self._stop, self._pool = database, settings, stop, pool
        #: By source: its organization, and its check.
        self._running: dict[str, tuple[str, Future[None]]] = {}
        self._next_recheck = time.monotonic() + recheck.SECONDS
        self._next_sweep = time.monotonic() + _FIRST_SWEEP_SECONDS

    def start_due(self) -> float:
        """Start checks of sources that are due; return the seconds until the next look.

        Raises:
            Exception: what a check that has ended raised: the database was away.
        """
        for source_id, (_, check) in list(self._running.items()):
            if check.done():
                del self._running[source_id]
                check.result()
        if time.monotonic() > self._next_sweep:
            self._next_sweep = time.monotonic() + _SWEEP_SECONDS
            self._pool.submit(_sweep_pictures_or_log, self._database, self._stop)
        with self._database.transaction() as session:
            sources = queue.list_sources(session)
        seconds, now = self._settings.poll_seconds, now_ms()
        times = {source.id: queue.due_at(source, seconds, now) for source in sources}
        idle = [each for each in sources if each.id not in self._running]
        due = {s.id: waits_since(s, seconds, now) for s in idle if times[s.id] <= now}
        while (
            len(self._running) < self._at_once
            and (source := self._turns.take(due, idle, self._at_work(), now)) is not None
        ):
            check = self._pool.submit(self._check, source)
            self._running[source.id] = (source.organization_id, check)
        if len(self._running) < self._at_once and time.monotonic() > self._next_recheck:
            self._start_recheck(each for each in idle if each.id not in self._running)
        if self._running:
            return _BUSY_SECONDS
        return max(0.0, (min(times.values(), default=now + 60_000) - now) / 1000)

    def _start_recheck(self, sources: Iterable[ContentSource]) -> None:
        source = recheck.choose(self._turns.with_room(sources, self._at_work()))
        if source is not None:
            self._next_recheck = time.monotonic() + recheck.SECONDS
            arguments = self._database, self._settings, source, self._stop
            check = self._pool.submit(_recheck_or_log, *arguments)
            self._running[source.id] = (source.organization_id, check)

    def _check(self, source: ContentSource) -> None:
        arguments = self._database, self._settings, source, self._stop
        if outcome := _check_or_record_error(*arguments):
            self._count(outcome)

    def _at_work(self) -> Counter[str]:
        return Counter(organization for organization, _ in self._running.values())


def check_source(
    database: Database,
    settings: Settings,
    source_id: str,
    stop: threading.Event | None = None,
) -> str | None:
    """Sync one source if its branch has moved or a run was requested; skip it if it is claimed.

    Returns what that came to: a `RunOutcome`, `held`, or `unchanged` if there was nothing to do;
    none if another process does it. With *stop* set, its git ends, and the source is checked again
    later.
    """
    with queue.claim(database, source_id, wait=False) as source:
        if source is None:
            return None
        request = queue.request_for(source)
        try:
            with (
                history.record_unavailable(database, source, request.trigger),
                open_repository_of(settings, source, stop) as repository,
            ):
                proposals = read_open(database, source) if source.has_open_proposals else ()
                heads = repository.heads([each.branch for each in proposals])
                head = heads[source.branch]
                if queue.has_nothing_new(database, source, head):
                    history.mark_checked(source, head, source.requested_at)
                    if proposals:
                        follow_unmoved(database, source, repository, proposals, heads)
                        conclude_drafts(database, source)
                    return "unchanged"
                current = history.read(database, source_id)
                result = _sync(database, settings, current, repository, request)
        except (RepositoryUnavailable, ClaimLost) as error:
            _log.warning("%s: %s", source.name, error)
            return None if isinstance(error, ClaimLost) else RunOutcome.FAILED
        plan = result.plan
        said = (source.name, head[:10], len(plan.changes), len(plan.problems))
        _log.info("%s is at %s: %d change(s), %d problem(s)", *said)
        return result.outcome or "held"


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


def _check_or_record_error(
    database: Database, settings: Settings, source: ContentSource, stop: threading.Event
) -> str | None:
    """Check one source. An unexpected error is recorded, and does not stop the others."""
    try:
        with unavailable_errors():
            return check_source(database, settings, source.id, stop)
    except DatabaseUnavailable:
        raise  # it is logged, and no trouble of the source: the loop begins again
    except SourceRemoved:
        pass  # since it was listed
    except Stopped:
        _log.info("%s: stopped; it is checked again after the start", source.name)
    except Exception:  # noqa: BLE001  the sources behind it must have their turn
        _log.exception("%s could not be checked", source.name)
        history.record_failed(database, source, SyncTrigger.POLL, now_ms(), _INTERNAL_ERROR)
        return RunOutcome.FAILED
    return None


def _recheck_or_log(
    database: Database, settings: Settings, source: ContentSource, stop: threading.Event
) -> None:
    try:
        recheck.recheck(database, settings, source.id, stop)
    except (SourceRemoved, Stopped):
        pass  # since it was listed; or it is looked at again after the start
    except Exception:  # noqa: BLE001  it is only a second look
        _log.exception("%s could not be looked at again", source.name)


def _sweep_pictures_or_log(database: Database, stop: threading.Event) -> None:
    try:
        sweep_pictures(database, now_ms(), stop)
    except Exception:  # noqa: BLE001  the next sweep deletes what this one has left
        _log.exception("unused pictures could not be deleted")
