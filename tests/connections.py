"""Connections that outlive a test, and statements that are compiled once.

A test has a pool of its own, and a served product one more, with two that listen. To begin a
connection takes the server longer than most tests need it, and a new engine has compiled nothing:
together these were half of a test with a database.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakKeyDictionary

import psycopg2
import pytest
from psycopg2.extensions import STATUS_READY
from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool
from sqlalchemy.util.queue import Empty

from sync import worker
from walkthroughs.database import listener, pool
from walkthroughs.database.pool import Database, driver_url
from walkthroughs.events import announcements

#: More are open at once in few tests.
_MAX_KEPT = 10
_kept: dict[str | None, list[psycopg2.extensions.connection]] = {}
#: The address that each was opened at.
_opened: WeakKeyDictionary[psycopg2.extensions.connection, str] = WeakKeyDictionary()


def reuse_connections(patch: pytest.MonkeyPatch) -> None:
    """Let pools that are closed keep their connections for those that begin later."""
    open_new, close_all, close_one = pool._open, Database.close, listener.close

    def open_kept(dsn: str, *, is_pooled: bool) -> psycopg2.extensions.connection:
        connection = _take(dsn) or open_new(dsn, is_pooled=is_pooled)
        _opened[connection] = dsn
        return connection

    def close(database: Database) -> None:
        _keep_idle(database)
        close_all(database)

    def close_listener(connection: psycopg2.extensions.connection | None) -> None:
        if connection is None or not _keep(_kept.get(_opened.get(connection)), connection):
            close_one(connection)

    patch.setattr(pool, "_open", open_kept)
    patch.setattr(Database, "close", close)
    for module in (announcements, worker):
        patch.setattr(module, "close", close_listener)


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


def _keep_idle(database: Database) -> None:
    """Take those connections out of a pool that are as good as new for the next one."""
    idle, kept = database.engine.pool, _kept.get(database.open_connection._dsn)
    if kept is None or not isinstance(idle, QueuePool) or idle.checkedout():
        return
    with suppress(Empty):  # a thread that has not ended yet may take one, too
        while len(kept) < _MAX_KEPT:
            # Not by `connect`: that would replace one that is dead.
            record = idle._pool.get(block=False)
            connection, record.dbapi_connection = record.dbapi_connection, None
            if connection is not None and not _keep(kept, connection):
                connection.close()


def _keep(
    kept: list[psycopg2.extensions.connection] | None, connection: psycopg2.extensions.connection
) -> bool:
    """Keep a connection, if there is room and it can be as it was; return whether it is kept."""
    if kept is None or len(kept) >= _MAX_KEPT:
        return False
    if not _is_alive(connection) or not _reset(connection):
        return False
    kept.append(connection)
    return True


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
    with suppress(IndexError):  # several threads of a server begin at once
        while kept := _kept.get(dsn):
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
        pool._end_with_client(connection)
    except psycopg2.Error:
        return False
    connection.notifies.clear()
    connection.notices.clear()
    return True
