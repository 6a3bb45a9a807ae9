"""The MCP endpoint: finds the tenant and the learner, then hands over to the SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from anyio import CapacityLimiter
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from walkthroughs.advance import ADVANCE
from walkthroughs.caller import Caller
from walkthroughs.db import Database
from walkthroughs.errors import HandrailError
from walkthroughs.identity.links import hash_token
from walkthroughs.mcp_server import texts
from walkthroughs.mcp_server.service import SCOPE_KEY, Call, build_service
from walkthroughs.mcp_server.tenant import FIND, OFFERED, Address, Directory
from walkthroughs.prepared import AWAY, Prepared
from walkthroughs.settings import Settings

_MAX_BODY_BYTES = 1024 * 1024
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_NOT_HERE = (
    "There is no MCP server at this address, or the personal link in it has ended. "
    "Check the address, or ask the people who gave it to you for a new one."
)


class Refused(HandrailError):
    """A request that is answered before MCP begins."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Endpoint:
    """The ASGI application behind every MCP address. Enter `lifespan` before the first call."""

    def __init__(
        self,
        settings: Settings,
        directory: Directory,
        prepared: Prepared,
        server: Server[Any],
        *,
        streaming: bool,
    ) -> None:
        self._base_host = settings.base_host
        self._directory = directory
        self._prepared = prepared
        self._manager = StreamableHTTPSessionManager(
            server,
            stateless=True,
            json_response=not streaming,
            max_request_body_size=_MAX_BODY_BYTES,
            # Its list of hosts is fixed; ours is the tenants'. See `_tenant` and `_check_origin`.
            security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        paths = ("/mcp", "/mcp/u/{token}", "/s/{slug}/mcp", "/s/{slug}/mcp/u/{token}")
        #: Starlette routes to put before all others.
        self.routes = [Route(path, endpoint=self) for path in paths]

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Serve while the block runs."""
        try:
            async with self._manager.run():
                yield
        finally:
            self._prepared.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            scope[SCOPE_KEY] = await self._identify(scope)
        except Refused as refused:
            await _refuse(send, refused.status, str(refused))
        except AWAY:
            await _refuse(send, 503, texts.UNAVAILABLE)
        else:
            await self._manager.handle_request(scope, receive, send)

    async def _identify(self, scope: Scope) -> Call:
        headers, path = Headers(scope=scope), scope["path_params"]
        host = _hostname(f"//{headers.get('host', '')}")
        _check_origin(headers.get("origin"), host)
        if scope["method"] != "POST":
            raise Refused(405, "This MCP server keeps no streams open. Send requests with POST.")
        address = self._address(host, path.get("slug"), path.get("token"))
        found = await self._directory.find(address)
        tenant, learner_id = found.tenant, found.learner_id
        if tenant is None or (address.token_hash and learner_id is None):
            unknown_host = tenant is None and "slug" not in path
            raise Refused(421 if unknown_host else 404, _NOT_HERE)
        return Call(
            tenant,
            Caller(tenant.organization_id, tenant.server_id, learner_id, tenant.pace_seconds),
        )

    def _address(self, host: str, slug: str | None, token: str | None) -> Address:
        token_hash = hash_token(token) if token else None
        if slug is not None:
            if host != self._base_host and not {host, self._base_host} <= _LOOPBACK:
                raise Refused(421, "This host serves no addresses of the form /s/<server>/mcp.")
            return Address(slug=slug, token_hash=token_hash)
        below = host.removesuffix(f".{self._base_host}")
        if below != host:
            return Address(slug=below, token_hash=token_hash)
        return Address(domain=host, token_hash=token_hash)


def build_endpoint(
    database: Database,
    settings: Settings,
    server: Server[Any] | None = None,
    *,
    streaming: bool = False,
) -> Endpoint:
    """Return the endpoint of this process.

    Args:
        database: its pool also bounds how many tools run at once.
        settings: the public origin, which tells servers' hosts apart.
        server: what to serve instead of the five tools, to the same tenants.
        streaming: answer as event streams, for a server whose tools report progress.
    """
    limiter = CapacityLimiter(database.tool_threads)
    prepared = Prepared(database, (FIND, OFFERED, ADVANCE), database.tool_threads)
    server = server or build_service(database, limiter, prepared)
    return Endpoint(settings, Directory(prepared), prepared, server, streaming=streaming)


def _check_origin(origin: str | None, host: str) -> None:
    """Refuse a browser page of another site: DNS rebinding, cross-site calls."""
    if origin is None:
        return
    theirs = _hostname(origin)
    if theirs != host and not {theirs, host} <= _LOOPBACK:
        raise Refused(403, "Pages of another site may not call this MCP server.")


def _hostname(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


async def _refuse(send: Send, status: int, message: str) -> None:
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": message}}
    body = json.dumps(error).encode()
    headers = [(b"content-type", b"application/json"), (b"allow", b"POST")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
