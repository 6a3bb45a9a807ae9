"""The loop that keeps sources in sync: on request at once, else each at its interval."""

from __future__ import annotations

import logging
import select
import threading
from dataclasses import replace

import psycopg2
from psycopg2.extensions import connection as Connection

from sync import records
from sync.git_command import RepositoryUnavailable
from sync.queue import CHANNEL, claimed, due_at, is_requested, read_all
from sync.runner import NotConfirmed, Order, Run, repository_of, run_claimed
from walkthroughs.db import Database
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource
from walkthroughs.settings import Settings

_log = logging.getLogger(__name__)
#: How long a stop may take to be noticed, and a source that another process made due.
_TICK_SECONDS = 0.25
_LONGEST_NAP_SECONDS = 5.0
_OUR_FAULT = "Something went wrong on our side, and is in the log. It is tried again."


def work(database: Database, settings: Settings, stop: threading.Event) -> None:
    """Look at every source when it is due, until *stop*. Trouble is noted, and tried again."""
    listener: Connection | None = None
    while not stop.is_set():
        nap = _LONGEST_NAP_SECONDS
        try:
            # Listen before looking, so that no request falls between the two.
            listener = listener or _listen(database)
            nap = min(nap, _look_at_due(database, settings, stop))
            _wait(listener, nap, stop)
        except Exception:  # noqa: BLE001  the loop must outlive the database being away
            _log.exception("content sources could not be looked at; trying again")
            _close(listener)
            listener = None
            stop.wait(min(1.0, nap))
    _close(listener)


def look(database: Database, settings: Settings, source_id: str) -> None:
    """Sync one source if its branch has moved or somebody asked; leave it to whoever has it."""
    with claimed(database, source_id, wait=False) as source:
        if source is None:
            return
        order = _order(source)
        try:
            with repository_of(settings, source) as repository:
                head = repository.head()
        except RepositoryUnavailable as error:
            records.failed(database, source, order.trigger, now_ms(), str(error))
            return
        if _is_settled(source, head):
            records.looked(source, head, source.requested_at)
            return
        try:
            run = _run(database, settings, source_id, order)
        except RepositoryUnavailable as error:
            _log.warning("%s: %s", source.name, error)
            return
        said = (source.name, run.commit[:10], len(run.changes), len(run.problems))
        _log.info("%s is at %s: %d change(s), %d problem(s)", *said)


def _order(source: ContentSource) -> Order:
    """Return what there is to do, with what somebody has agreed to."""
    if source.agreed is not None:
        agreed = source.agreed
        return Order("dashboard", agreed["by"], agreed["fingerprint"], agreed.get("to"))
    return Order(trigger="webhook" if is_requested(source) else "poll")


def _run(database: Database, settings: Settings, source_id: str, order: Order) -> Run:
    try:
        return run_claimed(database, settings, source_id, order)
    except NotConfirmed:  # the plan is another one by now, and waits anew
        again = replace(order, actor=None, confirmed=None, to=None)
        return run_claimed(database, settings, source_id, again)


def _is_settled(source: ContentSource, head: str) -> bool:
    """Return whether nothing can have changed: that commit is live, waits, or is held back."""
    if source.agreed is not None:
        return False
    waits = source.waiting is not None and source.waiting.get("commit") == head
    held = source.held_at is not None and source.wanted_commit == head
    return head == source.synced_commit or waits or held


def _look_at_due(database: Database, settings: Settings, stop: threading.Event) -> float:
    """Look at the sources that are due; return the seconds until the next one is."""
    with database.transaction() as session:
        sources = read_all(session)
    for source in sources:
        if due_at(source, settings.poll_seconds) <= now_ms() and not stop.is_set():
            _look_or_note(database, settings, source)
    with database.transaction() as session:
        times = [due_at(source, settings.poll_seconds) for source in read_all(session)]
    return max(0.0, (min(times, default=now_ms() + 60_000) - now_ms()) / 1000)


def _look_or_note(database: Database, settings: Settings, source: ContentSource) -> None:
    """Look at one source; what goes wrong with it in a way nobody thought of is its alone."""
    try:
        look(database, settings, source.id)
    except Exception:  # noqa: BLE001  the sources behind it must have their turn
        _log.exception("%s could not be looked at", source.name)
        # If the database is the trouble, this fails as well, and the loop begins anew.
        records.failed(database, source, "poll", now_ms(), _OUR_FAULT)


def _listen(database: Database) -> Connection:
    connection = database.open()
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    return connection


def _wait(listener: Connection, seconds: float, stop: threading.Event) -> None:
    """Sleep until a request is announced, the time is over, or *stop*."""
    until = now_ms() + seconds * 1000
    while not stop.is_set() and now_ms() < until:
        ready, _, _ = select.select([listener], [], [], min(_TICK_SECONDS, seconds))
        if ready:
            listener.poll()
            announced = bool(listener.notifies)
            listener.notifies.clear()
            if announced:
                return


def _close(listener: Connection | None) -> None:
    if listener is not None:
        try:
            listener.close()
        except psycopg2.Error:
            _log.debug("the listening connection was gone already")
