"""Connections that a pool has lent, and how to end the wait of whoever uses one.

A thread that waits for PostgreSQL waits in the driver's own code, and nothing in Python wakes it.
If the server is stopped, that is for ever. Shutting the connection's socket down wakes it: the
driver then raises what it raises when a server has ended.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2
import psycopg2.extensions
from sqlalchemy import Engine, event

#: How late a wait may be ended, in seconds.
_LATE = 1.0


class Lent:
    """Knows the connections that *engines* have lent, each until it comes back."""

    def __init__(self, *engines: Engine) -> None:
        #: By the pool's own record of each: the connection, and when its wait is ended.
        self._lent: dict[Any, tuple[psycopg2.extensions.connection, float | None]] = {}
        #: The collector of garbage may give one back in the middle of what holds it.
        self._lock = threading.RLock()
        self._of_thread = threading.local()
        self._is_watched = False
        for engine in set(engines):
            event.listen(engine, "checkout", self._out)
            event.listen(engine, "checkin", self._back)
            # Before its socket is closed, whose number may be another's at once.
            event.listen(engine, "invalidate", lambda _, record, __: self._back(None, record))

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """End the waits of this thread that go on *seconds* after the block began.

        It is for connections that are lent in the block. Who waited reads that the connection has
        ended: `DatabaseUnavailable`, or the driver's error.
        """
        self._of_thread.deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            self._of_thread.deadline = None

    def end_all(self) -> None:
        """End every wait at once, as when the process stops."""
        with self._lock:
            for connection, _ in self._lent.values():
                _shut_down(connection)

    def _out(self, connection: psycopg2.extensions.connection, record: object, _: object) -> None:
        deadline = getattr(self._of_thread, "deadline", None)
        with self._lock:
            self._lent[record] = (connection, deadline)
            if deadline is not None and not self._is_watched:
                threading.Thread(
                    target=self._end_late, name="database-deadlines", daemon=True
                ).start()
                self._is_watched = True

    def _back(self, _: object, record: object) -> None:
        with self._lock:
            self._lent.pop(record, None)

    def _end_late(self) -> None:
        """End each wait whose time is over, as long as somebody has a deadline."""
        is_watched = True
        while is_watched:
            time.sleep(_LATE)
            with self._lock:
                now = time.monotonic()
                deadlines = [each for _, each in self._lent.values() if each is not None]
                for connection, deadline in self._lent.values():
                    if deadline is not None and deadline < now:
                        _shut_down(connection)
                is_watched = self._is_watched = bool(deadlines)


def _shut_down(connection: psycopg2.extensions.connection) -> None:
    with (
        suppress(psycopg2.InterfaceError, OSError),  # it has ended by itself
        socket.socket(fileno=os.dup(connection.fileno())) as its_socket,
    ):
        its_socket.shutdown(socket.SHUT_RDWR)
