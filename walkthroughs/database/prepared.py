"""Run prepared statements on the event loop, without threads."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg2

from walkthroughs.database.deadline import wait_until
from walkthroughs.database.pool import Database
from walkthroughs.database.unavailable import DRIVER_ERRORS, unavailable

if TYPE_CHECKING:
    from walkthroughs.database.async_connection import AsyncConnection

#: How long a caller waits for an answer: for its turn, the connection and the statement.
_PATIENCE_SECONDS = 1.5
#: Else PostgreSQL may plan a statement at each call, by estimates that leave most of the planning
#: out: an ordinary step then took 2.4 times the CPU.
_PLAN_ONCE = "SET plan_cache_mode = force_generic_plan"
#: So much later the server ends a statement, too. Its caller has been told, and begins again on
#: another connection: while a table is locked, those would use up all that the server takes.
_LATER_SECONDS = 0.5
_PARAMETER = re.compile(r"\$(\d+)")


@dataclass(frozen=True)
class Statement:
    """A statement that returns at most one row, and does no harm when it is run twice."""

    name: str
    #: The types of $1, $2 and so on.
    types: tuple[str, ...]
    sql: str

    @property
    def prepare(self) -> str:
        """Return what makes a connection know it: planning costs more than running it."""
        return f"PREPARE {self.name} ({', '.join(self.types)}) AS {self.sql}"

    @property
    def unprepared(self) -> str:
        """Return the statement itself, for the driver to fill in."""
        return _PARAMETER.sub(
            lambda found: f"%(p{found[1]})s::{self.types[int(found[1]) - 1]}",
            self.sql.replace("%", "%%"),
        )


class Prepared:
    """Connections of one event loop that know some statements. Use it on that loop only.

    Behind a pooler, the next statement may run on another connection, which knows none of them:
    there they are sent each time.
    """

    def __init__(
        self, database: Database, statements: tuple[Statement, ...], connections: int
    ) -> None:
        # Only what serves makes one, and the other commands need not load a second driver.
        from walkthroughs.database.async_connection import open_connection

        self._database, self._connect = database, open_connection
        self._is_pooled = database.is_pooled
        end_late = f"SET statement_timeout = {1000 * (_PATIENCE_SECONDS + _LATER_SECONDS):.0f}"
        prepares = (statement.prepare for statement in statements)
        self._prepare = "; ".join([_PLAN_ONCE, end_late, *prepares])
        self._free: list[AsyncConnection] = []
        self._most, self._busy = connections, 0
        self._turns: deque[asyncio.Future[None]] = deque()

    async def fetch(self, statement: Statement, *parameters: object) -> tuple[Any, ...] | None:
        """Run *statement* in a transaction of its own; return its row, if it has one.

        Raises:
            DatabaseUnavailable: the server does not answer, twice or for too long.
        """
        deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
        try:
            try:
                return await self._fetch(statement, parameters, deadline)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                # The server was restarted, so the idle ones are dead as well.
                self.close()
                return await self._fetch(statement, parameters, deadline)
        except DRIVER_ERRORS as error:
            raise unavailable(error) from error

    def connections(self) -> dict[str, int]:
        """Return how many are `busy`, `idle`, and not opened (`free`). From any thread."""
        busy, idle = self._busy, len(self._free)
        return {"busy": busy, "idle": idle, "free": max(0, self._most - busy - idle)}

    def close(self) -> None:
        """Close the idle connections."""
        while self._free:
            self._free.pop().close()

    async def _fetch(
        self, statement: Statement, parameters: tuple[object, ...], deadline: float
    ) -> tuple[Any, ...] | None:
        """Run *statement* on a connection. One whose statement did not end well is not used again.

        Nearly every call finds a connection free, and then has no context manager and no timeout.
        """
        if self._busy < self._most:
            self._busy += 1
        else:
            await self._wait_in_turn(deadline)
        connection = None
        try:
            connection = self._free.pop() if self._free else await self._open(deadline)
            if self._is_pooled:
                row = await connection.fetch(statement.sql, statement.types, parameters, deadline)
            else:
                row = await connection.fetch_prepared(statement.name, parameters, deadline)
        except BaseException:
            if connection is not None:
                connection.close()
            raise
        else:
            self._free.append(connection)
            return row
        finally:
            self._leave_place()

    async def _wait_in_turn(self, deadline: float) -> None:
        """Wait in turn for a connection, and count as busy from then on."""
        turn = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            await wait_until(deadline, turn)
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:  # it came in the same moment
                self._leave_place()
            raise

    def _leave_place(self) -> None:
        """Hand the place to the next in turn, so that nobody who comes later takes it."""
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._busy -= 1

    async def _open(self, deadline: float) -> AsyncConnection:
        async with asyncio.timeout_at(deadline):
            # The server that this starts goes on starting after the deadline.
            dsn = await asyncio.to_thread(self._database.open_connection.dsn)
            connection = await self._connect(dsn)
        try:
            if not self._is_pooled:
                await connection.run(self._prepare, deadline)
        except BaseException:
            connection.close()
            raise
        return connection
