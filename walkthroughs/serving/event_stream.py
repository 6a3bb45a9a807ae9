"""An answer that is a stream of events."""

from __future__ import annotations

from starlette.types import Send

#: How often something is sent at least: it keeps the connection, and a client that is gone is
#: noticed.
KEEP_ALIVE_SECONDS = 20.0
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-accel-buffering", b"no"),  # nginx would keep it all until the end
]


class EventStream:
    """Writes a stream of events. Each method waits until the client has taken what was before.

    The connection of a client that does not read ends within its deadline.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    async def start(self) -> None:
        """Send the headers."""
        await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})

    async def write(self, events: bytes) -> None:
        """Send whole events."""
        await self._send({"type": "http.response.body", "body": events, "more_body": True})

    async def keep_alive(self) -> None:
        """Send something that is no event."""
        await self.write(b":\n\n")

    async def end(self) -> None:
        """Send the end, by which a client knows that nothing was cut off."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
