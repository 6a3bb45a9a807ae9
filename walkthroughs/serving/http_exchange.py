"""A request and its answer, as uvicorn passes them between a connection and the application."""

from __future__ import annotations

import asyncio

from starlette.types import Message
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from walkthroughs.serving.bodies import ArrivingBody

_LENGTH = b"content-length"
#: Answers that have no body, and so none of which a length is told.
_WITHOUT_BODY = frozenset({204, 304})
#: Stands for a connection whose client has taken everything.
_TAKEN = FlowControl(asyncio.Transport())


class Exchange(RequestResponseCycle, ArrivingBody):
    """Sends the head of an answer together with the beginning of its body.

    Two pieces would be two packets: each costs the server and the client about as much as both.
    Neither waits for the client: whoever sends a whole answer, or begins one, has done with it.
    What follows in further pieces waits until the client has taken those before.
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
            has_length = any(name == _LENGTH for name, _ in message.get("headers", ()))
            if has_length or message["status"] in _WITHOUT_BODY:
                self._head = message
                return
            await self._write(message)
            if _is_of_events(message):
                self.is_stream = True
                if self.has_sent_all:
                    self.transport.close()
        elif self._head is not None:
            head, self._head = self._head, None
            await self._write(head, message)
        else:
            await super().send(message)  # type: ignore[arg-type]

    def take_body(self) -> bytes | None:
        """Return the whole body, once; none if it has to be received."""
        is_new = self.message_event.is_set() and not self.response_complete
        if not is_new or self.more_body or self.disconnected or self.waiting_for_100_continue:
            return None
        body, self.body = bytes(self.body), bytearray()
        self.message_event.clear()
        return body

    async def _write(self, *messages: Message) -> None:
        """Write *messages* in one piece, at once. The connection goes on after that."""
        transport, flow, on_response = self.transport, self.flow, self.on_response
        self.transport = gathered = _Gathered(transport)  # type: ignore[assignment]
        self.flow, self.on_response = _TAKEN, _wait
        try:
            for message in messages:
                await super().send(message)  # type: ignore[arg-type]
        finally:
            self.transport, self.flow, self.on_response = transport, flow, on_response
            gathered.flush()
        if self.response_complete:
            on_response()


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


def _wait() -> None:
    """Do nothing: what is complete is not written yet."""


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
