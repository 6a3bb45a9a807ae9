"""Runs the ordinary step call on the event loop: no thread to wake, no lock to fight for.

psycopg2 can be asked to return at once and to say which way its socket must be
ready; the loop watches the socket. A few connections serve all learners, since
each is busy for one short statement only.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg2
import psycopg2.extensions as driver

from walkthroughs.advance import EXECUTE, PREPARE, Advanced, parameters_of
from walkthroughs.caller import Caller
from walkthroughs.db import Database

_CONNECT_SECONDS = 10


class StepCalls:
    """Prepared connections of one event loop. Use it on that loop only."""

    def __init__(self, database: Database, connections: int) -> None:
        self._database = database
        self._free: list[driver.connection] = []
        self._slots = asyncio.Semaphore(connections)

    async def advance(self, caller: Caller, step_id: str) -> Advanced | None:
        """Complete *step_id* and move on, if that is all there is to it; else change nothing.

        Raises:
            psycopg2.Error: the server does not answer, twice.
            TimeoutError: it takes no connection.
        """
        try:
            return await self._run(caller, step_id)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            # The server was restarted, so the idle ones are dead as well. The statement
            # names the step it expects, so it may be sent again.
            self.close()
            return await self._run(caller, step_id)

    def close(self) -> None:
        """Close the idle connections."""
        while self._free:
            self._free.pop().close()

    async def _run(self, caller: Caller, step_id: str) -> Advanced | None:
        async with self._connection() as connection:
            cursor = connection.cursor()
            cursor.execute(EXECUTE, parameters_of(caller, step_id))
            await _settled(connection)
            row = cursor.fetchone()
        return Advanced.of(row) if row else None

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[driver.connection]:
        """Lend a connection; one whose statement did not end well is not used again."""
        async with self._slots:
            connection = self._free.pop() if self._free else await self._open()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._free.append(connection)

    async def _open(self) -> driver.connection:
        dsn = await asyncio.to_thread(self._database.open.dsn)
        connection: driver.connection = psycopg2.connect(dsn, async_=1)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await _settled(connection)
                cursor = connection.cursor()  # kept until settled: the driver's reference is weak
                cursor.execute(PREPARE)
                await _settled(connection)
        except BaseException:
            connection.close()
            raise
        return connection


async def _settled(connection: driver.connection) -> None:
    """Wait until *connection* has its answer."""
    loop = asyncio.get_running_loop()
    while (state := connection.poll()) != driver.POLL_OK:
        ready = loop.create_future()
        socket = connection.fileno()
        if state == driver.POLL_READ:
            loop.add_reader(socket, _wake, ready)
        else:
            loop.add_writer(socket, _wake, ready)
        try:
            await ready
        finally:
            loop.remove_reader(socket)
            loop.remove_writer(socket)


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
