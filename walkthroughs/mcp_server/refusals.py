"""Answers given before MCP begins: a JSON-RPC error with the id of the request it refuses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeGuard

from pydantic_core import from_json
from starlette.types import Send

from walkthroughs.errors import HandrailError

_INVALID_REQUEST = -32600
#: The answer to a request that is no POST and opens no stream, at an address that is served.
ONLY_POST = (
    "Send requests to this MCP server with POST. Clients of the versions before 2026-07-28 open a "
    "stream of notices with GET and Accept: text/event-stream."
)
#: A longer array gets one error without an id.
_MAX_ANSWERED = 100
#: Characters of an id at most: the answer repeats it. Clients count, or send a UUID.
MAX_ID = 512


class Refused(HandrailError):
    """A request that is answered before MCP begins."""

    def __init__(
        self, status: int, message: str, headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers


async def send_refusal(send: Send, refused: Refused, body: bytes = b"") -> None:
    """Answer that a request is refused, with the headers of the refusal.

    A client waits for the id it sent, some for as long as their time-out if the
    answer has another one. So the id is read from *body*; it is null if there is none.
    """
    allow = [(b"allow", b"POST")] if refused.status == 405 else []
    await send_json(send, refused.status, _errors(str(refused), body), [*refused.headers, *allow])


async def send_json(
    send: Send, status: int, value: object, more: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    """Answer with *value* as JSON, and with the headers *more*."""
    content = json.dumps(value).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        # Without this, caches may keep a 404 and go on with it after the address exists.
        (b"cache-control", b"no-store"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _errors(text: str, body: bytes) -> dict[str, Any] | list[dict[str, Any]]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        message = None
    if isinstance(message, list) and len(message) <= _MAX_ANSWERED:
        ids = [each["id"] for each in message if is_request(each)]
        if ids:
            return [_error(text, each) for each in ids]
    return _error(text, message["id"] if is_request(message) else None)


def check_ids(body: bytes) -> None:
    """Check that no request has an id that is far longer than any client's.

    Raises:
        Refused: one has.
    """
    if len(body) <= MAX_ID:
        return
    try:
        message = from_json(body)
    except ValueError:
        return
    messages = message if isinstance(message, list) else [message]
    if any(isinstance(each, dict) and _is_long(each.get("id")) for each in messages):
        raise Refused(400, f"The id of a request may have {MAX_ID} characters.")


def is_request(message: object) -> TypeGuard[dict[str, Any]]:
    """Return whether *message* is a request with an id that JSON-RPC in MCP allows."""
    if not isinstance(message, dict) or "method" not in message:
        return False
    request_id = message.get("id")
    is_id = isinstance(request_id, str | int) and not isinstance(request_id, bool)
    return is_id and not _is_long(request_id)


def _is_long(request_id: object) -> bool:
    return isinstance(request_id, str) and len(request_id) > MAX_ID


def _error(text: str, request_id: str | int | None) -> dict[str, Any]:
    error = {"code": _INVALID_REQUEST, "message": text}
    return {"jsonrpc": "2.0", "id": request_id, "error": error}
