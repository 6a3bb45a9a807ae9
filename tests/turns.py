"""Two transactions at once, in an order that the test decides."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, event

from tests.waiting import PATIENCE
from walkthroughs.database.pool import Database

_WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"


@dataclass(frozen=True)
class Turns:
    """How two calls went: whether the second waited for the first, and what each returned."""

    waited: bool
    first: Future[Any]
    second: Future[Any]


def take_turns(
    database: Database,
    first: Callable[[], Any],
    second: Callable[[], Any],
    *,
    pause_after: str | None = None,
    meanwhile: Callable[[], Any] = lambda: None,
) -> Turns:
    """Hold a transaction of *first* open; run *second* until it waits, or ends.

    Args:
        database: both use its pool.
        first: what it commits first is held just before that commit.
        second: runs in another thread.
        pause_after: hold *first* after the statement with these words instead.
        meanwhile: runs before *second*.
    """
    hold = _Hold(database, pause_after)
    try:
        with ThreadPoolExecutor(2) as pool:
            one = pool.submit(hold.run, first)
            try:
                hold.wait_until_held()
                meanwhile()
                two = pool.submit(second)
                waited = hold.is_waited_for(two)
            finally:
                hold.end.set()
    finally:
        hold.remove()
    return Turns(waited, one, two)


class _Hold:
    """Stops one thread at its commit, or after a statement."""

    def __init__(self, database: Database, pause_after: str | None) -> None:
        self._database, self._pause_after = database, pause_after
        self._thread: int | None = None
        self._is_held, self.end = threading.Event(), threading.Event()
        self._listener = (
            ("commit", self._at_commit)
            if pause_after is None
            else ("after_cursor_execute", self._after_statement)
        )
        event.listen(database.engine, *self._listener)

    def remove(self) -> None:
        event.remove(self._database.engine, *self._listener)

    def run(self, work: Callable[[], Any]) -> Any:
        self._thread = threading.get_ident()
        return work()

    def wait_until_held(self) -> None:
        if not self._is_held.wait(PATIENCE):
            pytest.fail("the first transaction did not come to where it is held")

    def is_waited_for(self, other: Future[Any]) -> bool:
        """Return true once a transaction waits, false once *other* has ended."""
        pause = threading.Event()
        with closing(self._database.open_connection()) as watcher, watcher.cursor() as cursor:
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                if other.done():
                    return False
                cursor.execute(_WAITS)
                if cursor.fetchone() == (True,):
                    return True
                pause.wait(0.01)
        return pytest.fail("the second transaction neither waits nor ends")

    def _at_commit(self, _connection: Connection) -> None:
        if threading.get_ident() == self._thread and not self._is_held.is_set():
            self._is_held.set()
            self.end.wait(2 * PATIENCE)

    def _after_statement(
        self, connection: Connection, _cursor: object, statement: str, *_: object
    ) -> None:
        if self._pause_after is not None and self._pause_after in statement:
            self._at_commit(connection)
