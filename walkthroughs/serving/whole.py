"""Pages get whole requests, and hand over whole answers.

A page is made in one of a few threads. A client that sends or reads slowly must not hold
one: its request is read before, and its answer is sent after the thread has ended.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from tempfile import SpooledTemporaryFile

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from walkthroughs.errors import HandrailError
from walkthroughs.hosts import calling_address
from walkthroughs.serving.bodies import (
    BODY_SECONDS,
    BodyTooLarge,
    BodyTooSlow,
    LargeBodies,
    NoRoom,
    receive_body,
)

#: Labels of 63 bytes at most, or an IPv6 address; then perhaps a port.
_HOST = re.compile(
    rb"(?=.{0,260}\Z)(?:[\w-]{1,63}(?:\.[\w-]{1,63})*\.?|\[[\da-fA-F:.]+\])?(?::\d{1,5})?"
)
#: Bytes of a body that are kept in memory; the rest waits in a temporary file.
_MEMORY_BYTES = 256 * 1024
_PART_BYTES = 64 * 1024
#: Bodies that are larger than `_MEMORY_BYTES` and are read at the same time.
_LARGE_BODIES = 16
PAGE_SECONDS = 30.0


class _TooLate(HandrailError):
    """The page was not made in time. Its thread ends soon, also if the database is silent."""

    def __init__(self) -> None:
        super().__init__("The server could not answer in time. Try again in a moment.")


class _NoHost(HandrailError):
    """The host that was asked for cannot be one. Flask fails on some before any page is asked."""

    def __init__(self) -> None:
        super().__init__("The Host header of the request is no name of a host.")


_STATUS: dict[type[HandrailError], int] = {
    _NoHost: 400,
    BodyTooSlow: 408,
    BodyTooLarge: 413,
    NoRoom: 503,
    _TooLate: 503,
}


class WholeRequests:
    """An ASGI application that passes whole requests to *app*, and its whole answers on.

    Args:
        app: makes pages in threads.
        limit_of: returns how many bytes a body may have at most that is sent to a path; a page may
            take fewer.
        seconds: how long a body may take, beside what a slow line needs for its size.
        page_seconds: how long a page may take.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit_of: Callable[[str], int],
        seconds: float = BODY_SECONDS,
        page_seconds: float = PAGE_SECONDS,
    ) -> None:
        self._app, self._limit_of, self._seconds = app, limit_of, seconds
        self._page_seconds = page_seconds
        self._large = LargeBodies(_MEMORY_BYTES, _LARGE_BODIES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not _HOST.fullmatch(dict(scope["headers"]).get(b"host", b"")):
            await _refuse(_NoHost(), scope, receive, send)
            return
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        with SpooledTemporaryFile(max_size=_MEMORY_BYTES) as body:
            try:
                if not await self._read(scope, receive, body):
                    return  # the client has left
            except (BodyTooLarge, BodyTooSlow, NoRoom) as error:
                await _refuse(error, scope, receive, send)
                return
            try:
                async with asyncio.timeout(self._page_seconds):
                    await self._app(scope, _replay(body, receive), keep)
            except TimeoutError:
                await _refuse(_TooLate(), scope, receive, send)
                return
        await send(answer[0])
        # In one piece, which waits in the connection: that has a bound, and a deadline.
        content = b"".join(part.get("body", b"") for part in answer[1:])
        answer.clear()  # a large export is in memory once
        await send({"type": "http.response.body", "body": content})

    async def _read(
        self, scope: Scope, receive: Receive, body: SpooledTemporaryFile[bytes]
    ) -> bool:
        """Write the request's body to *body*; return false if the client left."""
        limit = self._limit_of(scope["path"])
        with self._large.counted(calling_address(scope), body.write) as add:
            is_whole = await receive_body(receive, limit, add, self._seconds)
        body.seek(0)
        return is_whole


def _replay(body: SpooledTemporaryFile[bytes], receive: Receive) -> Receive:
    """Return a channel that sends *body*, then goes on with *receive*."""
    ended = False

    async def read() -> Message:
        nonlocal ended
        if ended:
            return await receive()
        part = body.read(_PART_BYTES)
        ended = len(part) < _PART_BYTES
        return {"type": "http.request", "body": part, "more_body": not ended}

    return read


async def _refuse(error: HandrailError, scope: Scope, receive: Receive, send: Send) -> None:
    # What is left of the body is not read, so the connection ends.
    headers = {"Connection": "close", "Cache-Control": "no-store"}
    if _STATUS[type(error)] == 503:
        headers["Retry-After"] = "10"
    status = _STATUS[type(error)]
    await PlainTextResponse(f"{error}\n", status, headers)(scope, receive, send)
