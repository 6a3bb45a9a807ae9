"""Serves the pictures of steps: to browsers and assistants, without a sign-in.

A picture is served while a walkthrough that the server offers has it. Whatever else is asked for is
one and the same answer, so that nobody learns what there is.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from walkthroughs.content.pictures import MEDIA_TYPES, PICTURE_NAME
from walkthroughs.database.prepared import Prepared, Statement
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.hosts import calling_address, hostname
from walkthroughs.learning.visibility import visible_sql
from walkthroughs.mcp_server import texts
from walkthroughs.mcp_server.refusals import Refused, send_refusal
from walkthroughs.mcp_server.tenant import Tenant, TenantLookup, address_of
from walkthroughs.serving.fair_queue import Busy, FairQueue

#: Organization, server, SHA-256, extension, and whether the bytes are wanted: size and bytes.
FIND_PICTURE = Statement(
    "handrail_picture",
    ("text", "text", "text", "text", "boolean"),
    f"""
    SELECT octet_length(i.data), CASE WHEN $5 THEN i.data END
      FROM walkthrough_images i
      JOIN walkthroughs w ON w.organization_id = i.organization_id AND w.id = i.walkthrough_id
     WHERE i.organization_id = $1 AND i.sha256 = $3 AND i.extension = $4
       AND {visible_sql("$1", "$2")}
     LIMIT 1
    """,  # noqa: S608  constants
)
#: Pictures that are sent at once, so that slow readers hold a bounded memory.
_AT_ONCE = 32
#: How long one has its place among these. The rest waits in its connection, which has a deadline.
_SENDING_SECONDS = 120.0
_PIECE_BYTES = 64 * 1024
_RETRY_SECONDS = 2
_NOT_HERE = "There is no picture at this address, or it is not shown any more."
_HEADERS = (
    # The name is what it holds, so it never changes.
    (b"cache-control", b"public, max-age=31536000, immutable"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    # Pages and programs of other sites show it: those of assistants.
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"access-control-allow-origin", b"*"),
)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A picture that is asked for, and whether only its headers are."""

    sha256: str
    extension: str
    only_headers: bool
    is_known: bool

    @property
    def status(self) -> int:
        """Return 304 if the reader has it."""
        return 304 if self.is_known else 200


class Pictures:
    """Answers at the addresses of pictures, by its `routes`: an ASGI application."""

    def __init__(
        self, base_host: str, directory: TenantLookup, prepared: Prepared, queue: FairQueue
    ) -> None:
        self._base_host, self._directory = base_host, directory
        self._prepared, self._queue = prepared, queue
        self._sending = FairQueue(at_once=_AT_ONCE)
        # Other methods lead nowhere, as at any address that is none.
        self.routes = [
            Route(path, endpoint=self, methods=["GET"])
            for path in ("/s/{slug}/i/{name}", "/i/{name}")
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await self._answer(scope, send)
        except Refused:
            # Also for a host that serves no such address: it says no more than any other.
            await send_refusal(send, Refused(404, _NOT_HERE))
        except Busy as busy:
            await _send_retry(send, texts.busy(busy.seconds), busy.seconds)
        except DatabaseUnavailable:
            await _send_retry(send, texts.UNAVAILABLE, _RETRY_SECONDS)

    async def _answer(self, scope: Scope, send: Send) -> None:
        headers = dict(scope["headers"])
        wanted = _wanted(scope, headers)
        tenant = await self._tenant(scope, headers)
        reader = calling_address(scope)
        await self._sending.enter(tenant.organization_id, reader)
        try:
            size, data = await self._find(tenant, reader, wanted)
            rest = await _send_beginning(send, wanted, size, data)
        finally:
            self._sending.leave(reader)
        await _send_body(send, rest, more=False)

    async def _tenant(self, scope: Scope, headers: dict[bytes, bytes]) -> Tenant:
        host = hostname(f"//{headers.get(b'host', b'').decode('latin-1')}")
        address = address_of(self._base_host, host, scope["path_params"].get("slug"))
        tenant = (await self._directory.find(address)).tenant
        if tenant is None or not tenant.tools_enabled:
            raise Refused(404, _NOT_HERE)
        return tenant

    async def _find(self, tenant: Tenant, reader: str, wanted: _Wanted) -> tuple[int, Any]:
        """Return the size and the bytes; no bytes if only the headers are wanted."""
        await self._queue.enter(tenant.organization_id, reader)
        try:
            found = await self._prepared.fetch(
                FIND_PICTURE,
                tenant.organization_id,
                tenant.server_id,
                wanted.sha256,
                wanted.extension,
                not (wanted.only_headers or wanted.is_known),
            )
        finally:
            self._queue.leave(reader)
        if found is None:
            raise Refused(404, _NOT_HERE)
        size, data = found
        return size, data


def _wanted(scope: Scope, headers: dict[bytes, bytes]) -> _Wanted:
    name = PICTURE_NAME.fullmatch(scope["path_params"]["name"])
    if name is None:
        raise Refused(404, _NOT_HERE)
    tags = [tag.strip() for tag in headers.get(b"if-none-match", b"").split(b",")]
    is_known = any(tag.removeprefix(b"W/") in {_tag(name[1]), b"*"} for tag in tags)
    return _Wanted(name[1], name[2], scope["method"] == "HEAD", is_known)


def _tag(sha256: str) -> bytes:
    return f'"{sha256}"'.encode()


async def _send_beginning(send: Send, wanted: _Wanted, size: int, data: Any) -> memoryview:  # noqa: ANN401  the driver's buffer
    """Send a picture in pieces, as long as it has its place; return what is left of it."""
    headers = [*_HEADERS, (b"etag", _tag(wanted.sha256))]
    if not wanted.is_known:
        headers.append((b"content-type", MEDIA_TYPES[wanted.extension].encode()))
        headers.append((b"content-length", str(size).encode()))
    await send({"type": "http.response.start", "status": wanted.status, "headers": headers})
    rest = memoryview(data or b"")
    with suppress(TimeoutError):
        async with asyncio.timeout(_SENDING_SECONDS):
            # Each waits until the reader has taken those before.
            while len(rest) > _PIECE_BYTES:
                await _send_body(send, rest[:_PIECE_BYTES], more=True)
                rest = rest[_PIECE_BYTES:]
    return rest


async def _send_body(send: Send, piece: memoryview, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": bytes(piece), "more_body": more})


async def _send_retry(send: Send, words: str, seconds: int) -> None:
    retry = [(b"retry-after", str(seconds).encode())]
    await send_refusal(send, Refused(503, words, retry))
