"""An answer of the SDK that is kept, and sent again: nothing here knows how an answer looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.types import Message, Send

_LENGTH = b"content-length"


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer. Its length is that of what is sent: the body, or what stands before it as well."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    async def send(self, send: Send, before: bytes = b"") -> None:
        """Send the answer, with *before* in front of its body."""
        body = before + self.body
        length = str(len(body)).encode()
        headers = [(name, length if name == _LENGTH else value) for name, value in self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def keeping(send: Send, keep: Callable[[KeptAnswer], None]) -> Send:
    """Return *send*, which gives an answer to *keep* as well, unless it comes in parts."""
    head: KeptAnswer | None = None

    async def keep_and_send(message: Message) -> None:
        nonlocal head
        if message["type"] == "http.response.start":
            # Now: whoever it is sent to adds headers to it that are of this caller alone.
            head = KeptAnswer(message["status"], tuple(message["headers"]), b"")
        elif message.get("more_body"):
            head = None
        elif head is not None:
            keep(replace(head, body=message.get("body", b"")))
        await send(message)

    return keep_and_send
