"""How many of the threads that answer pages may wait for other hosts. Nobody waits for a place."""

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
#: Of one process: the smallest one has four threads, and one of them is left for other pages.
_FEWEST, _OF_POOL = 3, 6
#: Strangers choose these hosts, so they never take what mail and providers need.
_DOCUMENTS = 2
_lock = threading.Lock()
_waiting: Counter[Kind] = Counter()
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
        super().__init__("This server waits for several hosts just now. Try again in a moment.")


@contextmanager
def waiting(database: Database, kind: Kind, caller: str | None = None) -> Iterator[None]:
    """Run the block, in which a thread that answers a page waits for another host.

    Of ten threads five may at once, for hosts of one kind four, for documents of apps two. Who is
    named as the *caller* has one place at a time, whatever is asked of whichever organization.

    Raises:
        HostsAwaited: as many wait already. Nothing of the block was run.
    """
    most = max(_FEWEST, database.pool_size // _OF_POOL)
    of_kind = _DOCUMENTS if kind is Kind.DOCUMENT else most - 1
    with _lock:
        if _waiting.total() >= most or _waiting[kind] >= of_kind or caller in _callers:
            raise HostsAwaited
        _waiting[kind] += 1
        if caller is not None:
            _callers.add(caller)
    try:
        yield
    finally:
        with _lock:
            _waiting[kind] -= 1
            if caller is not None:
                _callers.remove(caller)
