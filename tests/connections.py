"""Connections that outlive a test, and statements that are compiled once.

A test has a pool of its own. To begin a connection takes the server longer than most tests need
it, and a new engine has compiled nothing: together these were half of a test with a database.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import STATUS_READY
from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

from walkthroughs.database import pool
from walkthroughs.database.pool import Database, driver_url

#: More are open at once in few tests.
_MAX_KEPT = 4
_kept: dict[str | None, list[psycopg2.extensions.connection]] = {}


def reuse_connections(patch: pytest.MonkeyPatch) -> None:
    """Let new pools begin with connections that `put_back` has kept."""
    open_new = pool._open
    patch.setattr(pool, "_open", lambda dsn: _take(dsn) or open_new(dsn))


def compile_once(patch: pytest.MonkeyPatch) -> None:
    """Let all engines share what they compile. What a statement compiles to is in its key."""
    create: Callable[..., Engine] = pool.create_engine
    first: list[Engine] = []

    def create_engine(*arguments: Any, **named: Any) -> Engine:
        engine = create(*arguments, **named, query_cache_size=5000)
        # One that never connected knows no server: a test may only look at what is made.
        if not first or first[0].dialect.server_version_info is None:
            first[:] = [engine]
        # The dialect is part of the key. It knows the server: all of a run are of one version.
        engine.dialect = engine.pool._dialect = first[0].dialect
        engine._compiled_cache = first[0]._compiled_cache
        return engine

    patch.setattr(pool, "create_engine", create_engine)


def put_back(database: Database) -> None:
    """Close a pool; keep connections that are as good as new for the next one."""
    idle, dsn = database.engine.pool, database.open_connection._dsn
    kept = _kept.get(dsn)
    if kept is not None and isinstance(idle, QueuePool) and idle.checkedout() == 0:
        while idle.checkedin() and len(kept) < _MAX_KEPT:
            # Not by `connect`: that would replace one that is dead.
            record = idle._pool.get(block=False)
            connection, record.dbapi_connection = record.dbapi_connection, None
            if connection is not None and _is_alive(connection) and _reset(connection):
                kept.append(connection)
            elif connection is not None:
                connection.close()
    database.close()


@contextmanager
def kept_connections(url: str) -> Iterator[None]:
    """While the block runs, keep connections to the database at *url*, and to no other."""
    dsn = driver_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    kept = _kept[dsn] = []
    yield
    del _kept[dsn]
    for connection in kept:
        connection.close()


def _take(dsn: str) -> psycopg2.extensions.connection | None:
    kept = _kept.get(dsn, [])
    while kept:
        connection = kept.pop()
        if _is_alive(connection):
            return connection
        connection.close()
    return None


def _is_alive(connection: psycopg2.extensions.connection) -> bool:
    """Return whether the server has not ended it: an idle one gets nothing to read but its end."""
    if connection.closed or connection.status != STATUS_READY:
        return False
    idle = select.poll()
    idle.register(connection, select.POLLIN)
    return not idle.poll(0)


def _reset(connection: psycopg2.extensions.connection) -> bool:
    """Make it as it was when it was new; return whether that went well."""
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("DISCARD ALL")
        connection.autocommit = False
    except psycopg2.Error:
        return False
    connection.notifies.clear()
    connection.notices.clear()
    return True
