"""How many of the threads that answer pages may wait for other hosts, or for a place to do so."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from walkthroughs.database.pool import Database
from walkthroughs.errors import HandrailError

#: Whoever answers `HostsAwaited` says to come back after so many seconds.
RETRY_SECONDS = 2
#: How long a thread waits for a place: a class that signs in together has most of its mails sent.
_PATIENCE_SECONDS = 2.0
#: Of one process: the smallest one has four threads, and one of them is left for other pages.
_FEWEST, _OF_POOL = 3, 6
#: With those that wait for a place: of ten threads two are left.
_TAKEN_OF_POOL = 4
#: Strangers choose these hosts, so they never take what mail and providers need.
_DOCUMENTS, _QUEUED_DOCUMENTS = 2, 1
_changed = threading.Condition()
_waiting: Counter[Kind] = Counter()
_queued: Counter[Kind] = Counter()
_callers: set[str] = set()


class Kind(StrEnum):
    """What is waited for."""

    DOCUMENT = "document of an app"
    PROVIDER = "provider of a sign-in"
    MAIL = "mail server"
    DOMAIN = "domain of a server"
    REPOSITORY = "repository"


class HostsAwaited(HandrailError):
    """As many threads wait for other hosts as may. The same request will do in a moment."""

    def __init__(self) -> None:
        super().__init__("The server is busy. Try again in a moment.")


@contextmanager
def waiting(database: Database, kind: Kind, caller: str | None = None) -> Iterator[None]:
    """Run the block, in which a thread that answers a page waits for another host.

    Of ten threads five may at once, for hosts of one kind four, for documents of apps two. Who is
    named as the *caller* has one place at a time, whatever is asked of whichever organization.
    Without a place, two seconds are waited for one, unless that took too many threads as well.

    Raises:
        HostsAwaited: there was no place. Nothing of the block was run.
    """
    with _changed:
        _wait_for_place(database, kind, caller)
        _waiting[kind] += 1
        if caller is not None:
            _callers.add(caller)
    try:
        yield
    finally:
        with _changed:
            _waiting[kind] -= 1
            if caller is not None:
                _callers.remove(caller)
            _changed.notify_all()


def places(database: Database, kind: Kind) -> int:
    """Return how many may wait for hosts of this kind at once, if none waits for others."""
    return _DOCUMENTS if kind is Kind.DOCUMENT else _most(database) - 1


def _wait_for_place(database: Database, kind: Kind, caller: str | None) -> None:
    """Return once there is a place; see `waiting`."""

    def is_free() -> bool:
        is_one_left = _waiting.total() < _most(database)
        return is_one_left and _waiting[kind] < places(database, kind) and caller not in _callers

    if is_free():
        return
    taken = _waiting.total() + _queued.total()
    is_queue_full = kind is Kind.DOCUMENT and _queued[kind] >= _QUEUED_DOCUMENTS
    if is_queue_full or taken >= max(_FEWEST, database.pool_size // _TAKEN_OF_POOL):
        raise HostsAwaited
    _queued[kind] += 1
    try:
        if not _changed.wait_for(is_free, _PATIENCE_SECONDS):
            raise HostsAwaited
    finally:
        _queued[kind] -= 1


def _most(database: Database) -> int:
    return max(_FEWEST, database.pool_size // _OF_POOL)
