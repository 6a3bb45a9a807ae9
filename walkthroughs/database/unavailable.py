"""One error for a database that does not answer. The drivers' errors become it here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2.errors import DeadlockDetected
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from walkthroughs.errors import HandrailError

#: What the driver, the pool and a deadline raise while the server is away, silent or too busy.
_DRIVER_ERRORS = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
    TimeoutError,
)


class DatabaseUnavailable(HandrailError):
    """The database does not answer. The same call will do later; `__cause__` says more."""

    def __init__(self) -> None:
        super().__init__("The database does not answer. Try again in a few seconds.")

    @property
    def is_deadlock(self) -> bool:
        """Return whether PostgreSQL rolled the transaction back, so that another could go on."""
        return isinstance(getattr(self.__cause__, "orig", None), DeadlockDetected)

    @property
    def is_connection_dead(self) -> bool:
        """Return whether the connection had ended before the statement, or during it."""
        cause = self.__cause__
        return isinstance(cause, DBAPIError) and cause.connection_invalidated


@contextmanager
def unavailable_errors() -> Iterator[None]:
    """Raise `DatabaseUnavailable` for what the drivers raise in the block."""
    try:
        yield
    except _DRIVER_ERRORS as error:
        raise DatabaseUnavailable from error
