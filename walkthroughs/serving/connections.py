"""A bound on connections, and a deadline for the headers of a request.

uvicorn waits for ever for the first request of a connection, and takes connections
until the process has no file left.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from typing import Any

from walkthroughs.counted_log import CountedLog
from walkthroughs.serving.http_protocol import StrictProtocol

_log = logging.getLogger(__name__)
#: How long the headers of a request may take, from the connection or from their first byte.
HEADER_SECONDS = 10.0
#: Connections at most, as far as the system grants so many files.
MAX_CONNECTIONS = 20_000
#: Files that are no connections of clients: databases, logs, repositories.
_OTHER_FILES = 200
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
    """HTTP for one connection. Subclass it with the bounds: see `bounded`."""

    max_connections = MAX_CONNECTIONS
    header_seconds = HEADER_SECONDS
    refused = CountedLog(_log)

    def __init__(self, *args: Any, **more: Any) -> None:  # noqa: ANN401  uvicorn's protocol
        super().__init__(*args, **more)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for headers; refuse a connection beyond the bound."""
        super().connection_made(transport)
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
        """Forget the deadline with the connection."""
        self._end_deadline()
        super().connection_lost(exc)

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


def bounded(max_connections: int, header_seconds: float = HEADER_SECONDS) -> type[BoundedProtocol]:
    """Return the protocol with these bounds, for one server."""
    bounds = {
        "max_connections": max_connections,
        "header_seconds": header_seconds,
        "refused": CountedLog(_log),
    }
    return type("Protocol", (BoundedProtocol,), bounds)
