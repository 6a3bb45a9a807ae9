"""A connection of an event loop, straight on libpq: PostgreSQL's own client library.

A statement that is prepared is run by the extended protocol, its values beside it: neither the
driver nor the server writes or reads them as SQL. That takes a third of the driver's CPU off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any

import psycopg
import psycopg2
from psycopg import pq
from psycopg.conninfo import make_conninfo
from psycopg.postgres import types
from psycopg.pq.abc import PGconn, PGresult
from psycopg2 import errors
from pydantic_core import from_json

from walkthroughs.database.deadline import wait_until

#: Types that are made in a database have higher ids: ours are enums, whose values are texts.
_LAST_BUILT_IN = 16383


class _Loaders(dict[int, Callable[[bytes], Any]]):
    """What reads a value, by the id of its type."""

    def __missing__(self, oid: int) -> Callable[[bytes], Any]:
        if oid <= _LAST_BUILT_IN:
            message = f"Values of the type {oid} are not read. Return text, integers or JSON."
            raise TypeError(message)
        self[oid] = bytes.decode
        return bytes.decode


_LOADERS = _Loaders(
    {
        types.get_oid("text"): bytes.decode,
        types.get_oid("varchar"): bytes.decode,
        types.get_oid("name"): bytes.decode,
        types.get_oid("bool"): b"t".__eq__,
        types.get_oid("int2"): int,
        types.get_oid("int4"): int,
        types.get_oid("int8"): int,
        types.get_oid("json"): from_json,
        types.get_oid("jsonb"): from_json,
        types.get_oid("bytea"): lambda value: bytes.fromhex(value[2:].decode()),
    }
)
_GOOD = {pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK}

Row = tuple[Any, ...]


class AsyncConnection:
    """A connection whose socket the loop watches as long as it is open.

    Errors are those of psycopg2, which the rest of the code knows.
    """

    def __init__(self, connection: PGconn) -> None:
        connection.nonblocking = 1
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._socket = connection.socket
        self._results: list[PGresult] = []
        self._answer: asyncio.Future[None] | None = None
        self._closed = False
        # Register the socket once: registering it per call costs 10 % of a call.
        self._loop.add_reader(self._socket, self._readable)

    async def run(self, sql: str, deadline: float) -> None:
        """Run one or more statements, without values."""
        await self._answer_to(partial(self._connection.send_query, sql.encode()), deadline)

    def fetch_prepared(
        self, name: str, values: Iterable[object], deadline: float
    ) -> Coroutine[None, None, Row | None]:
        """Run what was prepared by that name; return its row, if it has one."""
        sent = [_dump(value) for value in values]
        send = partial(self._connection.send_query_prepared, name.encode(), sent)
        return self._answer_to(send, deadline)

    def fetch(
        self, sql: str, kinds: Iterable[str], values: Iterable[object], deadline: float
    ) -> Coroutine[None, None, Row | None]:
        """Run a statement with values of these types; return its row, if it has one."""
        sent, oids = [_dump(value) for value in values], [types.get_oid(kind) for kind in kinds]
        send = partial(self._connection.send_query_params, sql.encode(), sent, oids)
        return self._answer_to(send, deadline)

    def close(self) -> None:
        """Close it; the statement in it, if any, is abandoned."""
        if not self._closed:  # a second time, the socket's number may be another's
            self._closed = True
            self._loop.remove_reader(self._socket)
            self._connection.finish()

    async def _answer_to(self, send: Callable[[], None], deadline: float) -> Row | None:
        """Send a statement and wait until all of its answer has come, the end of it too.

        The end tells that it is committed: its rows come before.
        """
        self._answer = answer = self._loop.create_future()
        try:
            send()
            while self._connection.flush() and not answer.done():
                # The socket is full, which so short a statement leaves at once.
                if self._loop.time() > deadline:
                    raise TimeoutError
                await asyncio.sleep(0)
            await wait_until(deadline, answer)
        except psycopg.Error as error:
            raise _away(error) from error
        finally:
            self._answer = None
        results, self._results = self._results, []
        for result in results:
            if result.status not in _GOOD:
                raise _error(result)
        return _row(results[-1])

    def _readable(self) -> None:
        """Read what has come. Without a statement, that is the end of the connection."""
        answer = self._answer
        try:
            self._connection.consume_input()
            if answer is None:
                return
            while not self._connection.is_busy():
                result = self._connection.get_result()
                if result is None:
                    if not answer.done():
                        answer.set_result(None)
                    return
                self._results.append(result)
        except psycopg.Error as error:
            if answer is None:
                self.close()
            elif not answer.done():
                answer.set_exception(_away(error))


async def open_connection(dsn: str) -> AsyncConnection:
    """Return a new connection. The caller gives it a deadline.

    Raises:
        psycopg2.OperationalError: the server cannot be reached, or does not take it.
    """
    # Texts are read and written in UTF-8, whatever the database itself keeps.
    address = make_conninfo(dsn, application_name="handrail", client_encoding="utf8")
    connection = pq.PGconn.connect_start(address.encode())
    try:
        await _connected(connection)
        return AsyncConnection(connection)
    except psycopg.Error as error:
        connection.finish()
        raise _away(error) from error
    except BaseException:
        connection.finish()
        raise


async def _connected(connection: PGconn) -> None:
    """Wait until *connection* is open."""
    loop = asyncio.get_running_loop()
    while (state := connection.connect_poll()) != pq.PollingStatus.OK:
        if state == pq.PollingStatus.FAILED:
            raise psycopg2.OperationalError(connection.get_error_message())
        ready = asyncio.Event()
        socket = connection.socket
        reads = state == pq.PollingStatus.READING
        watch = loop.add_reader if reads else loop.add_writer
        forget = loop.remove_reader if reads else loop.remove_writer
        watch(socket, ready.set)
        try:
            await ready.wait()
        finally:
            forget(socket)


def _dump(value: object) -> bytes | None:
    """Return *value* as PostgreSQL reads it.

    Raises:
        ValueError: it has a NUL, which would end it, or half of a pair of surrogates.
    """
    if value is None:
        return None
    if isinstance(value, list):
        value = f"{{{','.join(map(_quoted, value))}}}"
    sent = str(value).encode()
    if b"\0" in sent:
        message = "A text for PostgreSQL cannot contain NUL."
        raise ValueError(message)
    return sent


def _quoted(item: str) -> str:
    escaped = item.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _row(result: PGresult) -> Row | None:
    if not result.ntuples:
        return None
    return tuple(
        value if (value := result.get_value(0, column)) is None
        else _LOADERS[result.ftype(column)](value)
        for column in range(result.nfields)
    )  # fmt: skip


def _error(result: PGresult) -> Exception:
    """Return what PostgreSQL said as the driver's error of its kind."""
    code = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    said = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message
    try:
        kind: type[Exception] = errors.lookup(code)
    except KeyError:  # newer than the driver, or none: the connection has ended
        kind = psycopg2.OperationalError if not code else psycopg2.DatabaseError
    return kind(said.decode(errors="replace"))


def _away(error: psycopg.Error) -> psycopg2.OperationalError:
    return psycopg2.OperationalError(str(error))
