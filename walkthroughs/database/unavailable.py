"""One error for a database that does not answer. The drivers' errors become it here."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import psycopg2
from psycopg2 import errors
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from walkthroughs.counted_log import CountedLog
from walkthroughs.errors import HandrailError

_log = CountedLog(logging.getLogger(__name__))
#: What the driver, the pool and a deadline raise while the server is away, silent or too busy;
#: the driver raises some of them for faults of ours, too: see `is_away`.
DRIVER_ERRORS = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
    TimeoutError,
)
#: The classes of SQLSTATE that say so: of connections, transactions rolled back, resources,
#: operators, the system; and a lock that was not given in time.
_AWAY_CLASSES, _LOCKED = frozenset({"08", "40", "53", "57", "58"}), "55P03"


class Cause(StrEnum):
    """Why the database did not carry something out, for the operator's log."""

    AWAY = "The database cannot be reached or has ended the connection"
    SLOW = "The database did not answer in time"
    BUSY = "All connections of the pool are in use"
    FULL = "The database's disk is full"
    TOO_MANY = "The database takes no more connections"
    DEADLOCK = "Two transactions waited for each other; one was rolled back"


_BY_ERROR: tuple[tuple[type[BaseException], Cause], ...] = (
    (errors.DeadlockDetected, Cause.DEADLOCK),
    (errors.DiskFull, Cause.FULL),
    (errors.TooManyConnections, Cause.TOO_MANY),
    (errors.QueryCanceled, Cause.SLOW),
    (errors.LockNotAvailable, Cause.SLOW),
    (PoolTimeout, Cause.BUSY),
    (TimeoutError, Cause.SLOW),
)


class DatabaseUnavailable(HandrailError):
    """The database does not answer. The same call will do later; `reason` says why."""

    def __init__(self, reason: Cause = Cause.AWAY) -> None:
        self.reason = reason
        super().__init__("The database does not answer. Try again in a few seconds.")

    @property
    def is_deadlock(self) -> bool:
        """Return whether PostgreSQL rolled the transaction back, so that another could go on."""
        return self.reason is Cause.DEADLOCK

    @property
    def is_connection_dead(self) -> bool:
        """Return whether the connection had ended before the statement, or during it."""
        cause = self.__cause__
        return isinstance(cause, DBAPIError) and cause.connection_invalidated


@contextmanager
def unavailable_errors() -> Iterator[None]:
    """Raise `DatabaseUnavailable` for what says in the block that it is away, and log why."""
    try:
        yield
    except DRIVER_ERRORS as error:
        if not is_away(error):
            raise
        raise unavailable(error) from error


def is_away(error: BaseException) -> bool:
    """Return whether one of `DRIVER_ERRORS` says that the server is away, silent or too busy.

    Others are faults of ours: a cursor that is closed, a statement of more columns than may be.
    """
    original = getattr(error, "orig", None) or error
    if isinstance(original, psycopg2.InterfaceError):
        return "connection already closed" in str(original)
    state = getattr(original, "pgcode", None)
    return state is None or state[:2] in _AWAY_CLASSES or state == _LOCKED


def unavailable(error: BaseException) -> DatabaseUnavailable:
    """Log why the database is away, by one of `DRIVER_ERRORS`; return the error to raise."""
    reason = cause_of(error)
    _log.write(logging.ERROR, reason, _line(reason, error))
    return DatabaseUnavailable(reason)


def cause_of(error: BaseException) -> Cause:
    """Return why, from an error of the driver, the pool or a deadline."""
    original = getattr(error, "orig", None) or error
    return next((cause for kind, cause in _BY_ERROR if isinstance(original, kind)), Cause.AWAY)


def _line(reason: Cause, error: BaseException) -> str:
    """Return the line for the log: the server's own first line tells a password from a port."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return f"{reason}: {said[0]}" if said else f"{reason}."
