"""The only engine of a process, and the ways to a connection."""

from __future__ import annotations

import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg2
import psycopg2.extensions
from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session, sessionmaker

from walkthroughs.database.lent import Lent
from walkthroughs.database.unavailable import DatabaseUnavailable, unavailable_errors

#: How long a caller waits for a server that does not answer; libpq takes no less.
_CONNECT_SECONDS = 2
#: A server that is gone without a word, with its machine or behind a firewall, is noticed after
#: about 30 seconds, also by who only listens. By default that takes from minutes to hours.
_NOTICE_GONE: dict[str, Any] = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
#: No column has that type, and each new connection would ask for it in three round trips.
_HSTORE = False
R = TypeVar("R")


@dataclass(frozen=True)
class Database:
    """A pool of connections. Pass it on; never make a second engine for the same process."""

    engine: Engine
    sessions: sessionmaker[Session]
    pool_size: int
    #: Opens a connection outside the pool; the caller closes it. Its `dsn()` returns
    #: the address.
    open_connection: ConnectionFactory
    #: The same, to the server itself where the address of the others leads through a pooler.
    open_direct: ConnectionFactory
    #: Sessions on direct connections, for locks that are held for long.
    direct_sessions: sessionmaker[Session]
    #: The pool's connections that are in use, to end what waits too long.
    lent: Lent

    @property
    def is_pooled(self) -> bool:
        """Return whether a pooler may run each transaction on another connection."""
        return self.open_direct is not self.open_connection

    @property
    def tool_threads(self) -> int:
        """Return how many tools may run at once: a third; the rest is for pages and sources."""
        return max(1, self.pool_size // 3)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session; commit when the block ends well, else roll back."""
        with self.sessions.begin() as session:
            yield session

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """Yield a connection where each statement stands alone: one round trip each.

        Raises:
            DatabaseUnavailable: the server does not answer.
        """
        with unavailable_errors(), self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Yield a connection in a transaction; commit when the block ends well, else roll back.

        Raises:
            DatabaseUnavailable: the server does not answer.
        """
        with unavailable_errors(), self.engine.begin() as connection:
            yield connection

    def attempt(self, work: Callable[[], R], *, repeatable: bool = True) -> R:
        """Return what *work* returns. Run it once more if PostgreSQL broke a deadlock with it.

        If it is *repeatable*, also if its connection was found dead: PostgreSQL may have
        carried out the first try just before the connection ended.
        """
        try:
            return work()
        except DatabaseUnavailable as error:
            if error.is_deadlock:
                return work()
            if not (repeatable and error.is_connection_dead):
                raise
            # The other idle connections went to the same server: drop them all.
            self.engine.dispose()
            return work()

    def connections(self) -> dict[str, int]:
        """Return how many connections of the pool are `busy`, `idle`, and not opened (`free`)."""
        pool = self.engine.pool
        assert isinstance(pool, QueuePool)  # noqa: S101  as `connect` made it
        busy, idle = pool.checkedout(), pool.checkedin()
        return {"busy": busy, "idle": idle, "free": max(0, self.pool_size - busy - idle)}

    def close(self) -> None:
        """Close all idle connections of the pool."""
        self.engine.dispose()


def connect(
    address: str | Callable[[], str], *, pool_size: int = 10, direct_address: str | None = None
) -> Database:
    """Return a pool. Nothing is asked of the server before the first use.

    Args:
        address: the server's URL, or what returns it. It is called at the first
            use, and again when the server does not answer: that is how an
            embedded server is started, and started again after a crash.
        pool_size: connections at most; callers beyond that wait, 10 s at most.
        direct_address: the server's own URL, if *address* leads through a pooler.
    """
    opener = ConnectionFactory(
        address if callable(address) else lambda: address, is_pooled=direct_address is not None
    )
    engine = create_engine(
        "postgresql+psycopg2://",
        creator=opener,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        use_native_hstore=_HSTORE,
    )
    event.listen(engine, "checkout", _replace_dead)  # before those of `Lent`
    direct, direct_engine = opener, engine
    if direct_address is not None:
        direct = ConnectionFactory(lambda: direct_address)
        direct_engine = create_engine(
            "postgresql+psycopg2://", creator=direct, poolclass=NullPool, use_native_hstore=_HSTORE
        )
    return Database(
        engine,
        sessionmaker(engine, expire_on_commit=False),
        pool_size,
        opener,
        direct,
        sessionmaker(direct_engine, expire_on_commit=False),
        Lent(engine, direct_engine),
    )


def libpq_address(url: URL) -> str:
    """Return the address, with its password, as PostgreSQL's own library reads it.

    In options, SQLAlchemy writes a space as a plus, which that library takes for a plus.
    """
    place, mark, options = url.render_as_string(hide_password=False).partition("?")
    return place + mark + options.replace("+", "%20")


class ConnectionFactory:
    """Opens connections; asks for the address only when it must."""

    def __init__(self, address: Callable[[], str], *, is_pooled: bool = False) -> None:
        self._address, self._is_pooled = address, is_pooled
        self._dsn: str | None = None
        self._address_lock = threading.Lock()

    def dsn(self) -> str:
        """Ask for the address, one thread at a time; return it as the driver wants it.

        Raises:
            psycopg2.OperationalError: another thread has been asking for a while, which
                may start a server. The caller asks its user to try again.
        """
        if not self._address_lock.acquire(timeout=_CONNECT_SECONDS):
            message = "the database is being started"
            raise psycopg2.OperationalError(message)
        try:
            url = driver_url(self._address()).set(drivername="postgresql")
        finally:
            self._address_lock.release()
        return libpq_address(url)

    def __call__(self) -> psycopg2.extensions.connection:
        """Open one at the known address; ask for the address again if nothing answers there."""
        if self._dsn is not None:
            try:
                return _open(self._dsn, is_pooled=self._is_pooled)
            except psycopg2.OperationalError:
                pass  # gone since; the address is asked for again
        self._dsn = self.dsn()
        return _open(self._dsn, is_pooled=self._is_pooled)


def _open(dsn: str, *, is_pooled: bool) -> psycopg2.extensions.connection:
    given = psycopg2.extensions.parse_dsn(dsn)
    # The texts of COPY are sent in UTF-8, whatever the database itself keeps.
    ours = {
        "connect_timeout": _CONNECT_SECONDS,
        "application_name": "handrail",
        "client_encoding": "utf8",
    }
    opened: psycopg2.extensions.connection = psycopg2.connect(**_NOTICE_GONE | given | ours)
    if not is_pooled:
        _end_with_client(opened)
    return opened


def _end_with_client(connection: psycopg2.extensions.connection) -> None:
    """Let the server end a statement whose client has left, as one that waited too long does.

    By itself it goes on, with its locks, until the statement is through. A server of another
    system than Linux may not be able to.
    """
    connection.autocommit = True
    with suppress(psycopg2.DatabaseError), connection.cursor() as cursor:
        cursor.execute("SET client_connection_check_interval = '2s'")
    if connection.closed:
        message = "the server ended the connection as it began"
        raise psycopg2.OperationalError(message)
    connection.autocommit = False


def _replace_dead(connection: psycopg2.extensions.connection, *_: object) -> None:
    """Let the pool open new connections if the server has closed the one it lends.

    Nothing is asked of the server: an idle connection gets nothing to read but its end.
    Else the first call after a restart of the server would fail in each thread.
    """
    idle = select.poll()
    idle.register(connection, select.POLLIN)
    if idle.poll(0):
        raise InvalidatePoolError


def driver_url(url: str) -> URL:
    """Return *url* for psycopg2, whichever PostgreSQL scheme it came with."""
    return make_url(url.replace("postgres://", "postgresql://", 1)).set(
        drivername="postgresql+psycopg2"
    )
