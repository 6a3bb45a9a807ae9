"""Requests made ready for the SDK: the body read whole, the headers in the form it knows."""

from __future__ import annotations

from collections.abc import Mapping

from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.types import Message, Receive, Scope

from walkthroughs.hosts import calling_address
from walkthroughs.mcp_server.refusals import Refused
from walkthroughs.serving.bodies import (
    BodyTooLarge,
    BodyTooSlow,
    LargeBodies,
    NoRoom,
    body_at_hand,
    receive_body,
)

MAX_BODY_BYTES = 1024 * 1024
#: Nearly all messages are smaller, and so many larger ones are read at the same time: else many
#: connections of strangers could fill the memory.
_SMALL_BYTES, _LARGE_BODIES = 8 * 1024, 128
_LISTEN = b"subscriptions/listen"
_JSON = b"application/json"
_BOTH = b"application/json, text/event-stream"


def make_room() -> LargeBodies:
    """Return the room for bodies that are longer than nearly all messages are."""
    return LargeBodies(_SMALL_BYTES, _LARGE_BODIES)


async def read_body(scope: Scope, receive: Receive, room: LargeBodies) -> bytes | None:
    """Return the body of a request; None if the client left before its end.

    Read here and not in the SDK, which logs a traceback for each client that leaves.

    Raises:
        Refused: it is larger than `MAX_BODY_BYTES`, or does not arrive in time, or there is no
            *room* for it.
    """
    body = body_at_hand(receive)
    if body is not None:
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
        return body
    parts: list[bytes] = []
    try:
        with room.counted(calling_address(scope), parts.append) as add:
            is_whole = await receive_body(receive, MAX_BODY_BYTES, add)
    except BodyTooLarge:
        raise _too_large() from None
    except BodyTooSlow as error:
        raise Refused(408, str(error)) from error
    except NoRoom as error:
        raise Refused(503, str(error), [(b"retry-after", b"10")]) from error
    return b"".join(parts) if is_whole else None


def _too_large() -> Refused:
    return Refused(413, "The message is too large: an MCP message may have 1 MiB here.")


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a channel that begins with *body*, then goes on with *receive*."""
    message: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def receive_again() -> Message:
        nonlocal message
        if message is None:
            return await receive()
        first, message = message, None
        return first

    return receive_again


def as_the_sdk_reads(scope: Scope, headers: Mapping[bytes, bytes]) -> Scope:
    """Return *scope* with the media types in the one form that the SDK accepts.

    `Accept` is not judged, since every answer is JSON. Media types have no case.

    Raises:
        Refused: the body is not announced as JSON.
    """
    if scope["method"] == "GET":
        return scope  # it has no body
    kind, accepted = headers.get(b"content-type", b""), headers.get(b"accept", b"")
    if kind == _JSON and _JSON in accepted:
        return scope  # as nearly every client writes them
    if kind.partition(b";")[0].strip().lower() != _JSON:
        raise Refused(415, "Send MCP messages as JSON, with Content-Type: application/json.")
    changed = {b"content-type": _JSON}
    if _JSON not in accepted:
        changed[b"accept"] = _BOTH
    kept = [pair for pair in scope["headers"] if pair[0] not in changed]
    return {**scope, "headers": [*kept, *changed.items()]}


def opens_stream(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    """Return whether a request that is admitted opens a stream.

    The SDK refuses a request whose header names another method than its body.
    """
    return headers.get(b"mcp-method") == _LISTEN or scope["method"] == "GET"


def opens_get(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    """Return whether a request is a GET that opens a stream of the handshake versions."""
    version = headers.get(b"mcp-protocol-version", b"").decode("latin-1")
    return (
        scope["method"] == "GET"
        and b"text/event-stream" in headers.get(b"accept", b"").lower()
        and (not version or version in HANDSHAKE_PROTOCOL_VERSIONS)
    )
