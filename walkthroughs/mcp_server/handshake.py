"""Requests of clients that began with `initialize`, answered without the SDK's channels.

The SDK gives each of them a session of its own: a task and four channels between its parts, for
messages that a server may send meanwhile. An answer in JSON has no place for such messages, so here
the same handler is called directly. Whatever is not an ordinary message is left to the SDK.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import anyio
import pydantic_core
from mcp.server.connection import Connection
from mcp.server.runner import serve_one
from mcp.server.streamable_http import check_accept_headers
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.jsonrpc_dispatcher import handler_exception_to_error_data
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp.types import (
    DEFAULT_NEGOTIATED_VERSION,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
    jsonrpc_message_adapter,
)
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from walkthroughs.mcp_server.incoming import replay

_log = logging.getLogger(__name__)
_JSON = "application/json"
_TRANSPORT = TransportContext(kind="streamable-http", can_send_request=False)


class DirectManager(StreamableHTTPSessionManager):
    """The SDK's manager. Stateless and in JSON mode, it answers the handshake era directly."""

    async def _handle_stateless_request(
        self, protocol_version_hint: str | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer one request of a version with a handshake, or of none."""
        if not self.json_response:
            await super()._handle_stateless_request(protocol_version_hint, scope, receive, send)
            return
        request = Request(scope, receive)
        body = await request.body()
        message = _ordinary_message(request, body)
        if message is None or self._is_heard(message):
            receive = replay(body, receive)
            await super()._handle_stateless_request(protocol_version_hint, scope, receive, send)
        elif isinstance(message, JSONRPCRequest):
            version = protocol_version_hint or DEFAULT_NEGOTIATED_VERSION
            answer = await self._answer(message, request, version)
            content = answer.model_dump_json(by_alias=True, exclude_unset=True)
            await Response(content, headers={"Content-Type": _JSON})(scope, receive, send)
        else:
            await Response(None, 202, headers={"Content-Type": _JSON})(scope, receive, send)

    def _is_heard(self, message: JSONRPCMessage) -> bool:
        """Return whether it is a notification that the server does something with."""
        return (
            isinstance(message, JSONRPCNotification)
            and self.app.get_notification_handler(message.method) is not None
        )

    async def _answer(
        self, message: JSONRPCRequest, request: Request, version: str
    ) -> JSONRPCResponse | JSONRPCError:
        """Return what the SDK's dispatcher answers."""
        try:
            result = await serve_one(
                self.app,
                _Exchange(message.id, ServerMessageMetadata(request_context=request)),
                message.method,
                message.params,
                connection=Connection.from_envelope(version, None, None),
                lifespan_state=self._lifespan_state,
            )
        except Exception as raised:  # noqa: BLE001  each request has its answer
            error = handler_exception_to_error_data(raised)
            if error is None:
                _log.exception("handler for %r raised", message.method)
                error = ErrorData(code=0, message=str(raised))
            return JSONRPCError(jsonrpc="2.0", id=message.id, error=error)
        return JSONRPCResponse(jsonrpc="2.0", id=message.id, result=result)


@dataclass(slots=True)
class _Exchange:
    """One request and its answer. What a handler sends meanwhile is dropped, as the SDK does."""

    request_id: RequestId | None
    message_metadata: ServerMessageMetadata
    transport: TransportContext = _TRANSPORT
    can_send_request: bool = False
    cancel_requested: anyio.Event = field(default_factory=anyio.Event)

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> NoReturn:
        """Refuse to ask the client: its reply would find nobody."""
        raise NoBackChannelError(method)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Drop it: an answer in JSON holds nothing else."""

    async def progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Drop it, too."""


def _ordinary_message(request: Request, body: bytes) -> JSONRPCMessage | None:
    """Return the message of a request that the SDK would not refuse."""
    has_json, _ = check_accept_headers(request)
    if request.method != "POST" or request.headers.get("content-type") != _JSON or not has_json:
        return None
    try:
        return jsonrpc_message_adapter.validate_python(pydantic_core.from_json(body), by_name=False)
    except ValueError:  # pydantic's own error is one
        return None
