"""The only engine of a process, and the one way to a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.orm import Session, sessionmaker


@dataclass(frozen=True)
class Database:
    """A pool of connections. Pass it on; never make a second engine for the same process."""

    engine: Engine
    sessions: sessionmaker[Session]

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session; commit when the block ends well, else roll back."""
        with self.sessions.begin() as session:
            yield session

    def close(self) -> None:
        """Close all idle connections."""
        self.engine.dispose()


def connect(url: str, *, pool_size: int = 10) -> Database:
    """Return the pool for *url*. Nothing is asked of the server before the first use.

    A connection that the server has closed is replaced by a new one before it
    is handed out again only after an error was seen on it: the ordinary call
    is spared the extra round trip of a ping.
    """
    engine = create_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        connect_args={"connect_timeout": 10, "application_name": "handrail"},
    )
    return Database(engine, sessionmaker(engine, expire_on_commit=False))


def driver_url(url: str) -> URL:
    """Return *url* for psycopg2, whichever PostgreSQL scheme it came with."""
    return make_url(url.replace("postgres://", "postgresql://", 1)).set(
        drivername="postgresql+psycopg2"
    )
