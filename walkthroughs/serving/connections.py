"""A bound on connections, and deadlines: for the headers of a request, for taking its answer.

uvicorn waits for ever for the first request of a connection, and for a client to take what it was
answered, also where the connection is to be closed. It takes connections until the process has no
file left.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import resource
import sys
import termios
from contextlib import suppress
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from walkthroughs.counted_log import CountedLog
from walkthroughs.serving.http_protocol import StrictProtocol
from walkthroughs.serving.unread import MOST_UNREAD_BYTES, UnreadAnswers

_log = logging.getLogger(__name__)
#: How long the headers of a request may take, from the connection or from their first byte.
HEADER_SECONDS = 10.0
#: How often it is looked whether a client takes what it was answered.
UNREAD_SECONDS = 30.0
#: Bytes a second that a client takes at least: less than the slowest mobile network carries.
_SLOWEST = 2048
#: Connections at most, as far as the system grants so many files.
MAX_CONNECTIONS = 20_000
#: Files that are no connections of clients: databases, logs, repositories.
_OTHER_FILES = 200
#: A transport with more bytes than the system takes from it says so. (With 0, that of TLS says so
#: always.)
_UNSENT_BYTES = 1
_BUSY = "The server has no room for another connection. Try again in a few seconds.\n"
_LATE = "The headers of the request did not arrive in time.\n"


def raise_file_limit() -> int:
    """Let the process open as many files as it may; return how many connections that allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _most_files(hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most_connections()


def most_connections() -> int:
    """Return how many connections there may be once the limit of files is raised."""
    files = _most_files(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    return max(files - _OTHER_FILES, files // 2)


def _most_files(hard: int) -> int:
    """Return how many files the process wants, as far as the *hard* limit grants them."""
    wanted = MAX_CONNECTIONS + _OTHER_FILES
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


class BoundedProtocol(StrictProtocol):
    """HTTP for one connection. Subclass it with the bounds: see `bounded`.

    The next request of a connection begins when its client has taken the answer to the one before.
    So at most one answer waits in a connection, and what makes answers waits for no client.
    """

    max_connections = MAX_CONNECTIONS
    header_seconds, unread_seconds = HEADER_SECONDS, UNREAD_SECONDS
    unread = UnreadAnswers()
    refused = CountedLog(_log)

    def __init__(self, *args: Any, **more: Any) -> None:  # noqa: ANN401  uvicorn's protocol
        super().__init__(*args, **more)
        self._deadline: asyncio.TimerHandle | None = None
        self._unread_deadline: asyncio.TimerHandle | None = None
        #: How much the client had not taken when that was last looked at.
        self._untaken = 0
        #: Whether an answer is complete, and the client has not taken it yet.
        self._is_untaken = False

    @property
    def peer(self) -> str:
        """Return the address at the other end: of the client, or of the proxy in front."""
        return self.client[0] if self.client else ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for headers; refuse a connection beyond the bound."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=_UNSENT_BYTES)
        if len(self.connections) > self.max_connections:
            self._refuse()
        else:
            self._start_deadline()

    def data_received(self, data: bytes) -> None:
        """Take bytes; the deadline ends with the headers, and starts with those of the next."""
        super().data_received(data)
        if self.transport.is_closing() or not self._awaits_headers():
            self._end_deadline()
        elif self._deadline is None:
            self._start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines with the connection."""
        self._end_deadline()
        self._end_unread()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Set a deadline: the client has not taken all that was written."""
        super().pause_writing()
        self._note_unread()

    def resume_writing(self) -> None:
        """Go on: it has taken all of it now."""
        super().resume_writing()
        self._end_unread()
        if self._is_untaken:
            self._is_untaken = False
            super().on_response_complete()

    def on_response_complete(self) -> None:
        """Go on with the connection, once its client has taken the answer."""
        if self.flow.write_paused:
            self._is_untaken = True
            if self._unread_deadline is not None:  # else it was given up
                self._note_unread()  # more of it than before
        else:
            super().on_response_complete()

    def give_up(self) -> None:
        """End the connection at once: there is no room for what waits in it."""
        line = "There is no room for all answers that wait to be read: one was given up"
        self._abort(logging.WARNING, "no room", line)

    def _begins_after(self, before: RequestResponseCycle | None) -> bool:
        return super()._begins_after(before) and not self._is_untaken

    def _note_unread(self) -> None:
        self._end_unread()
        self._untaken = self._count_untaken()
        self._unread_deadline = self.loop.call_later(self.unread_seconds, self._end_unread_late)
        self.unread.note(self, self.transport.get_write_buffer_size())

    def _count_untaken(self) -> int:
        """Return how many bytes the client has not taken, as far as the system tells.

        The system takes megabytes for a connection, and none of ours before a part of them left.
        """
        size = self.transport.get_write_buffer_size()
        opened = self.transport.get_extra_info("socket")
        with suppress(AttributeError, OSError):
            sent = fcntl.ioctl(opened.fileno(), termios.TIOCOUTQ, bytes(4))
            size += int.from_bytes(sent, sys.byteorder)
        return size

    def _end_unread(self) -> None:
        if self._unread_deadline is not None:
            self._unread_deadline.cancel()
            self._unread_deadline = None
            self.unread.forget(self)

    def _end_unread_late(self) -> None:
        if self._untaken - self._count_untaken() >= self.unread_seconds * _SLOWEST:
            self._note_unread()
            return
        self._abort(logging.INFO, "unread", "A client did not read its answer, and was left")

    def _abort(self, level: int, kind: str, line: str) -> None:
        self._end_unread()
        self.refused.write(level, kind, line)
        self.transport.abort()

    def _awaits_headers(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _start_deadline(self) -> None:
        self._deadline = self.loop.call_later(self.header_seconds, self._end_late)

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end_late(self) -> None:
        if not self.transport.is_closing():
            self.end_with("408 Request Timeout", _LATE)

    def _refuse(self) -> None:
        line = f"There are {self.max_connections} connections already: one more is refused"
        self.refused.write(logging.WARNING, "refused", line)
        self.end_with("503 Service Unavailable", _BUSY, "Retry-After: 5\r\n")


def bounded(
    max_connections: int,
    header_seconds: float = HEADER_SECONDS,
    unread_seconds: float = UNREAD_SECONDS,
    most_unread: int = MOST_UNREAD_BYTES,
) -> type[BoundedProtocol]:
    """Return the protocol with these bounds, for one server."""
    bounds = {
        "max_connections": max_connections,
        "header_seconds": header_seconds,
        "unread_seconds": unread_seconds,
        "unread": UnreadAnswers(most_unread),
        "refused": CountedLog(_log),
    }
    return type("Protocol", (BoundedProtocol,), bounds)
