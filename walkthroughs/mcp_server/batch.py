"""The batch of protocol version 2025-03-26: an array of messages in one body.

The SDK does not know it. Each message is given to the SDK on its own, one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from walkthroughs.mcp_server.incoming import replay
from walkthroughs.mcp_server.refusals import Refused

MAX_MESSAGES = 20
#: The versions whose clients may send one; a client of these may also send no version.
_VERSIONS = frozenset({None, b"2024-11-05", b"2025-03-26"})


def read_batch(body: bytes, headers: Mapping[bytes, bytes]) -> list[object] | None:
    """Return the messages of a batch; None if *body* is not one, or is not JSON.

    Raises:
        Refused: the batch is not to be answered.
    """
    if body.lstrip()[:1] != b"[":
        return None
    try:
        messages = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if headers.get(b"mcp-protocol-version") not in _VERSIONS:
        message = "This protocol version has no batches. Send one message at a time."
        raise Refused(400, message)
    if not messages:
        raise Refused(400, "The batch is empty. Send at least one message.")
    if len(messages) > MAX_MESSAGES:
        raise Refused(400, f"The batch is too long. Send at most {MAX_MESSAGES} messages in one.")
    assert isinstance(messages, list)  # noqa: S101  narrows the type
    return messages


async def answer_batch(
    app: ASGIApp, messages: list[object], scope: Scope, receive: Receive, send: Send
) -> None:
    """Let *app* answer each of *messages*; send the answers as an array, or 202 without any."""
    answers = []
    for message in messages:
        body = bytearray()
        await app(scope, replay(json.dumps(message).encode(), receive), _collect(body))
        if body:
            answers.append(bytes(body))
    status, content = (200, b"[" + b",".join(answers) + b"]") if answers else (202, b"")
    headers = [(b"content-length", str(len(content)).encode())]
    headers += [(b"content-type", b"application/json")] if answers else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _collect(body: bytearray) -> Callable[[Message], Awaitable[None]]:
    async def collect(message: Message) -> None:
        body.extend(message.get("body", b""))

    return collect
