"""Run prepared statements on the event loop, without threads."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
import psycopg2.extensions as driver

from walkthroughs.database.pool import Database
from walkthroughs.database.unavailable import unavailable_errors

#: How long a caller waits for an answer: for its turn, the connection and the statement.
_PATIENCE_SECONDS = 1.5
#: Else PostgreSQL may plan a statement at each call, by estimates that leave most of the planning
#: out: an ordinary step then took 2.4 times the CPU.
_PLAN_ONCE = "SET plan_cache_mode = force_generic_plan"
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
    def execute(self) -> str:
        """Return what runs it, for the driver to fill in."""
        return f"EXECUTE {self.name} ({', '.join(['%s'] * len(self.types))})"

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
        self._database = database
        self._is_pooled = database.is_pooled
        self._prepare = "; ".join([_PLAN_ONCE, *(statement.prepare for statement in statements)])
        self._execute = {
            each.name: each.unprepared if self._is_pooled else each.execute for each in statements
        }
        self._free: list[_Connection] = []
        self._limit = asyncio.Semaphore(connections)
        self._most, self._busy = connections, 0

    async def fetch(self, statement: Statement, *parameters: object) -> tuple[Any, ...] | None:
        """Run *statement* in a transaction of its own; return its row, if it has one.

        Raises:
            DatabaseUnavailable: the server does not answer, twice or for too long.
        """
        with unavailable_errors():
            async with asyncio.timeout(_PATIENCE_SECONDS):
                try:
                    return await self._fetch(statement, parameters)
                except (psycopg2.OperationalError, psycopg2.InterfaceError):
                    # The server was restarted, so the idle ones are dead as well.
                    self.close()
                    return await self._fetch(statement, parameters)

    def connections(self) -> dict[str, int]:
        """Return how many are `busy`, `idle`, and not opened (`free`). From any thread."""
        busy, idle = self._busy, len(self._free)
        return {"busy": busy, "idle": idle, "free": max(0, self._most - busy - idle)}

    def close(self) -> None:
        """Close the idle connections."""
        while self._free:
            self._free.pop().close()

    async def _fetch(
        self, statement: Statement, parameters: tuple[object, ...]
    ) -> tuple[Any, ...] | None:
        async with self._line() as line:
            values: tuple[object, ...] | dict[str, object] = parameters
            if self._is_pooled:
                values = {f"p{number}": value for number, value in enumerate(parameters, 1)}
            cursor = await line.execute(self._execute[statement.name], values)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[_Connection]:
        """Lend a line; one whose statement did not end well is not used again."""
        async with self._limit:
            self._busy += 1
            try:
                line = self._free.pop() if self._free else await self._open()
                try:
                    yield line
                except BaseException:
                    line.close()
                    raise
                self._free.append(line)
            finally:
                self._busy -= 1

    async def _open(self) -> _Connection:
        # The server that this starts goes on starting after the deadline.
        dsn = await asyncio.to_thread(self._database.open_connection.dsn)
        connection = psycopg2.connect(dsn, async_=1)
        try:
            await _connected(connection)
        except BaseException:
            connection.close()
            raise
        line = _Connection(connection)
        if self._is_pooled:
            return line
        try:
            await line.execute(self._prepare)
        except BaseException:
            line.close()
            raise
        return line


class _Connection:
    """A connection whose socket the loop watches as long as it is open."""

    def __init__(self, connection: driver.connection) -> None:
        self.connection = connection
        self._loop = asyncio.get_running_loop()
        self._socket = connection.fileno()
        self._answer: asyncio.Future[None] | None = None
        self._closed = False
        # Register the socket once: registering it per call costs 10 % of a call.
        self._loop.add_reader(self._socket, self._readable)

    async def execute(
        self, sql: str, parameters: tuple[object, ...] | dict[str, object] = ()
    ) -> driver.cursor:
        """Run one statement and wait for its answer."""
        cursor: driver.cursor = self.connection.cursor()
        cursor.execute(sql, parameters)
        while (state := self.connection.poll()) != driver.POLL_OK:
            if state == driver.POLL_READ:
                self._answer = self._loop.create_future()
                await self._answer
            else:  # the socket is full, which a statement this short leaves at once
                await asyncio.sleep(0)
        return cursor

    def close(self) -> None:
        """Close it; the statement in it, if any, is abandoned."""
        if not self._closed:  # a second time, the socket's number may be another's
            self._closed = True
            self._loop.remove_reader(self._socket)
            self.connection.close()

    def _readable(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(None)
            return
        try:  # no statement is running: the answer was read already, or the server closed it
            self.connection.poll()
        except psycopg2.Error:
            self.close()


async def _connected(connection: driver.connection) -> None:
    """Wait until *connection* is open."""
    loop = asyncio.get_running_loop()
    while (state := connection.poll()) != driver.POLL_OK:
        ready = asyncio.Event()
        socket = connection.fileno()
        watch, forget = (
            (loop.add_reader, loop.remove_reader)
            if state == driver.POLL_READ
            else (loop.add_writer, loop.remove_writer)
        )
        watch(socket, ready.set)
        try:
            await ready.wait()
        finally:
            forget(socket)
