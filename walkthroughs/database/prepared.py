"""Run prepared statements on the event loop, without threads."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from dataclasses import dataclass
from typing import Any

import psycopg2
import psycopg2.extensions as driver

from walkthroughs.database.pool import Database
from walkthroughs.database.unavailable import DRIVER_ERRORS, unavailable

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
        """Run *statement* on a line; one whose statement did not end well is not used again.

        Nearly every call finds a line free: that way has no context manager and no timeout.
        """
        values: tuple[object, ...] | dict[str, object] = parameters
        if self._is_pooled:
            values = {f"p{number}": value for number, value in enumerate(parameters, 1)}
        await self._take_place(deadline)
        line = None
        try:
            line = self._free.pop() if self._free else await self._open(deadline)
            row = await line.fetch(self._execute[statement.name], values, deadline)
        except BaseException:
            if line is not None:
                line.close()
            raise
        else:
            self._free.append(line)
            return row
        finally:
            self._leave_place()

    async def _take_place(self, deadline: float) -> None:
        """Count as busy; while all lines are, wait in turn."""
        if self._busy < self._most:
            self._busy += 1
            return
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._turns.append(turn)
        timer = loop.call_at(deadline, _give_up, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:  # it came in the same moment
                self._leave_place()
            raise
        finally:
            timer.cancel()

    def _leave_place(self) -> None:
        """Hand the place to the next in turn, so that nobody who comes later takes it."""
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._busy -= 1

    async def _open(self, deadline: float) -> _Connection:
        async with asyncio.timeout_at(deadline):
            # The server that this starts goes on starting after the deadline.
            dsn = await asyncio.to_thread(self._database.open_connection.dsn)
            connection = psycopg2.connect(dsn, async_=1)
            try:
                await _connected(connection)
            except BaseException:
                connection.close()
                raise
        line = _Connection(connection)
        try:
            if not self._is_pooled:
                await line.fetch(self._prepare, (), deadline)
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

    async def fetch(
        self, sql: str, parameters: tuple[object, ...] | dict[str, object], deadline: float
    ) -> tuple[Any, ...] | None:
        """Run one statement and wait for its answer; return its row, if it has one."""
        cursor = self.connection.cursor()
        cursor.execute(sql, parameters)
        while (state := self.connection.poll()) == driver.POLL_WRITE:
            # The socket is full, which so short a statement leaves at once.
            if self._loop.time() > deadline:
                raise TimeoutError
            await asyncio.sleep(0)
        if state != driver.POLL_OK:
            await self._answered(deadline)
        row: tuple[Any, ...] | None = cursor.fetchone() if cursor.description else None
        return row

    async def _answered(self, deadline: float) -> None:
        """Wait until the answer is read."""
        self._answer = answer = self._loop.create_future()
        timer = self._loop.call_at(deadline, _give_up, answer)
        try:
            await answer
        finally:
            timer.cancel()
            self._answer = None

    def close(self) -> None:
        """Close it; the statement in it, if any, is abandoned."""
        if not self._closed:  # a second time, the socket's number may be another's
            self._closed = True
            self._loop.remove_reader(self._socket)
            self.connection.close()

    def _readable(self) -> None:
        """Read what has come. Without a statement, that is the end of the connection."""
        answer = self._answer
        try:
            is_whole = self.connection.poll() == driver.POLL_OK
        except psycopg2.Error as error:
            if answer is None:
                self.close()
            elif not answer.done():
                answer.set_exception(error)
        else:
            if is_whole and answer is not None and not answer.done():
                answer.set_result(None)


def _give_up(answer: asyncio.Future[None]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())


async def _connected(connection: driver.connection) -> None:
    """Wait until *connection* is open."""
    loop = asyncio.get_running_loop()
    while (state := connection.poll()) != driver.POLL_OK:
        ready = asyncio.Event()
        socket = connection.fileno()
        reads = state == driver.POLL_READ
        watch = loop.add_reader if reads else loop.add_writer
        forget = loop.remove_reader if reads else loop.remove_writer
        watch(socket, ready.set)
        try:
            await ready.wait()
        finally:
            forget(socket)
