"""Store new walkthroughs while the others of their commit are still read.

To read keeps us busy, and to store keeps PostgreSQL busy: an import of thousands does both at once.
The rows wait in one transaction, so that nobody sees them before the plan is known. Without a plan
that wants all of them they are rolled back, as if they had never been stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, suppress
from typing import Generic, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from sync.batches import MOST, Batch, WithTexts
from sync.planning.plan import Create
from walkthroughs.errors import HandrailError

_CHECK_NOW = text("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
B = TypeVar("B")
#: New walkthroughs in a batch if nothing is being stored. Otherwise there are more in it, so that
#: little time is spent between batches.
LEAST = 25


class EarlyImport(Generic[B]):
    """New walkthroughs that are stored before their plan is known. Close it.

    What goes wrong here is told to nobody: the plan is carried out without it, and meets the same.
    Fewer than a batch are not stored here at all.

    Args:
        begin: begins the transaction.
        prepare: makes rows of new walkthroughs. It is called in the thread that reads, so that they
            are made while those before them are stored.
        store: stores such rows; returns their row ids, by `staged_at`.
    """

    def __init__(
        self,
        begin: Callable[[], AbstractContextManager[Session]],
        prepare: Callable[[Sequence[WithTexts]], B],
        store: Callable[[Session, B], dict[int, str]],
    ) -> None:
        self._begin, self._prepare, self._store = begin, prepare, store
        self._batch = Batch()
        #: The batch that is being stored; reading waits for it when the next one is full.
        self._storing: Future[None] | None = None
        #: The one thread that uses the session, until nothing waits any more.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="early-import")
        self._transaction = ExitStack()
        self._session: Session | None = None
        self._has_failed = False
        self._row_ids: dict[int, str] = {}

    def add(self, new: WithTexts) -> None:
        """Store a walkthrough that is not live, unless it takes steps from others."""
        if self._has_failed or any(move.walkthrough for move in new.wanted.outline.moved):
            return
        self._batch.add(new)
        is_idle = self._storing is None or self._storing.done()
        if self._batch.is_full(LEAST if is_idle else MOST):
            self._send()

    def end(self) -> None:
        """Begin to store what is left, if there was so much that anything is stored here."""
        if self._storing and not self._has_failed:
            self._send()

    def row_ids(self, new: Sequence[Create]) -> dict[int, str]:
        """Return the row ids of those that are stored, by `staged_at`.

        If one of them is not in *new*, or storing has failed, none are, and the rows are gone.
        """
        places = {change.wanted.staged_at for change in new}
        self._wait()
        if self._has_failed or not self._row_ids.keys() <= places:
            self.close()
        return dict(self._row_ids)

    def commit(self, last: Callable[[Session], None]) -> None:
        """Do the *last* in the transaction, if there is one; let everybody see what is stored."""
        if self._session is not None:
            last(self._session)
        self._end_transaction()

    def close(self) -> None:
        """Roll back what is not committed."""
        self._thread.shutdown(cancel_futures=True)
        self._batch, self._row_ids = Batch(), {}
        if self._session is not None:
            with suppress(DBAPIError):  # the connection has ended, and the transaction with it
                self._session.rollback()
            self._end_transaction()  # nothing is left of it

    def _end_transaction(self) -> None:
        self._transaction.close()
        self._session = None

    def _send(self) -> None:
        """Let the thread store the batch, and begin another one."""
        if self._batch.items:
            batch, self._batch = self._prepare(self._batch.items), Batch()
            self._wait()
            self._storing = self._thread.submit(self._store_batch, batch)

    def _wait(self) -> None:
        """Wait until nothing is being stored."""
        if self._storing is not None:
            try:
                self._storing.result()
            except (SQLAlchemyError, HandrailError):
                self._has_failed = True

    def _store_batch(self, batch: B) -> None:
        is_first = self._session is None
        if self._session is None:
            self._session = self._transaction.enter_context(self._begin())
        self._row_ids |= self._store(self._session, batch)
        if is_first:
            # What PostgreSQL plans for tables that it takes to be empty makes the check of each
            # step's foreign keys read all walkthroughs of the organization.
            self._session.execute(text("ANALYZE (SKIP_LOCKED) walkthroughs, walkthrough_steps"))
        # Else the checks of all rows would wait for the end, where nothing is done beside them.
        self._session.execute(_CHECK_NOW)
