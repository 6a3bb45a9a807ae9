"""An answer of the SDK that is kept, and sent again: nothing here knows how an answer looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
    start: Message | None = None

    async def keep_and_send(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            start = message
        elif message.get("more_body"):
            start = None
        elif start is not None:
            headers = tuple(start["headers"])
            keep(KeptAnswer(start["status"], headers, message.get("body", b"")))
        await send(message)

    return keep_and_send
