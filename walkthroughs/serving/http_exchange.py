"""A request and its answer, as uvicorn passes them between a connection and the application."""

from __future__ import annotations

import asyncio

from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from walkthroughs.serving.bodies import ArrivingBody

_LENGTH = b"content-length"


class Exchange(RequestResponseCycle, ArrivingBody):
    """Sends the head of an answer together with the beginning of its body.

    Two pieces would be two packets: each costs the server and the client about as much as both.
    """

    #: An answer's head that waits for the body.
    _head: Message | None = None
    #: Whether the client sends nothing more. It may read on, or be gone: nothing tells that apart.
    has_sent_all = False
    #: Whether it is answered with a stream of events, which goes on until the client is gone.
    is_stream = False

    async def send(self, message: Message) -> None:  # type: ignore[override]
        """Send a part of the answer. A head without a length is of a stream, and does not wait."""
        if message["type"] == "http.response.start":
            if any(name == _LENGTH for name, _ in message.get("headers", ())):
                self._head = message
                return
        elif self._head is not None:
            head, self._head = self._head, None
            await self._send_together(head, message)
            return
        await super().send(message)  # type: ignore[arg-type]
        if message["type"] == "http.response.start" and _is_of_events(message):
            self.is_stream = True
            if self.has_sent_all:
                self.transport.close()

    def take_body(self) -> bytes | None:
        """Return the whole body, once; none if it has to be received."""
        is_new = self.message_event.is_set() and not self.response_complete
        if not is_new or self.more_body or self.disconnected or self.waiting_for_100_continue:
            return None
        body, self.body = bytes(self.body), bytearray()
        self.message_event.clear()
        return body

    async def _send_together(self, *messages: Message) -> None:
        transport = self.transport
        self.transport = gathered = _Gathered(transport)  # type: ignore[assignment]
        try:
            for message in messages:
                await super().send(message)  # type: ignore[arg-type]
        finally:
            self.transport = transport
            gathered.flush()


class OldExchange(Exchange):
    """A request by HTTP/1.0, which has no chunks: the end of a connection ends an answer."""

    _ends_with_connection = False

    async def send(self, message: Message) -> None:  # type: ignore[override]
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message.get("headers", ())}
            if b"content-length" not in names:
                self._ends_with_connection, self.chunked_encoding = True, False
        elif self._ends_with_connection:
            self.expected_content_length = len(message.get("body", b""))
        await super().send(message)


def _is_of_events(message: Message) -> bool:
    return any(
        name == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in message.get("headers", ())
    )


class _Gathered:
    """Stands for a transport, and keeps what is written until `flush`."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> None:
        self._parts.append(part)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def flush(self) -> None:
        if self._parts:
            self._transport.write(b"".join(self._parts))
            self._parts.clear()
