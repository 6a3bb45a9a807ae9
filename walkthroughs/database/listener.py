"""Wait for notifications of PostgreSQL on a connection of its own."""

from __future__ import annotations

import logging
import select
import threading
import time

import psycopg2
from psycopg2.extensions import Notify
from psycopg2.extensions import connection as Connection

from walkthroughs.database.pool import Database

_log = logging.getLogger(__name__)
#: How long a stop may take to be noticed.
_TICK_SECONDS = 0.25


def listen(database: Database, *channels: str) -> Connection:
    """Return a connection that listens on the *channels*. Whoever asked for it closes it."""
    connection = database.open_direct()
    connection.autocommit = True
    with connection.cursor() as cursor:
        for channel in channels:
            cursor.execute(f"LISTEN {channel}")
    return connection


def wait(listener: Connection, seconds: float, stop: threading.Event) -> list[Notify]:
    """Wait until something is announced, the *seconds* are over, or *stop*; return what was."""
    until = time.monotonic() + seconds
    # Not `select`, which takes no file beyond the first 1,024: each client of a process is one.
    news = select.poll()
    news.register(listener, select.POLLIN)
    while not stop.is_set() and time.monotonic() < until:
        if news.poll(1000 * min(_TICK_SECONDS, seconds)):
            listener.poll()
            announced = list(listener.notifies)
            listener.notifies.clear()
            if announced:
                return announced
    return []


def close(listener: Connection | None) -> None:
    """Close it, if there is one; it may be gone already."""
    if listener is not None:
        try:
            listener.close()
        except psycopg2.Error:
            _log.debug("the listening connection was gone already")
