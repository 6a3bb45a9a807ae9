"""The MCP endpoint: finds the tenant and the learner, then hands over to the SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from walkthroughs.database.pool import Database
from walkthroughs.database.prepared import Prepared
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.mcp_server.addresses_first import AddressesFirst
from walkthroughs.mcp_server.away import build_away_server
from walkthroughs.mcp_server.batch import answer_batch, read_batch
from walkthroughs.mcp_server.browsers import AdmittedPages
from walkthroughs.mcp_server.busy import has_turn
from walkthroughs.mcp_server.call import SCOPE_KEY, Call, GoOn
from walkthroughs.mcp_server.call_shapes import CallShapes
from walkthroughs.mcp_server.discovery import Discovery
from walkthroughs.mcp_server.handshake import DirectManager
from walkthroughs.mcp_server.identification import Identification
from walkthroughs.mcp_server.incoming import (
    MAX_BODY_BYTES,
    as_the_sdk_reads,
    make_room,
    opens_stream,
    read_body,
    replay,
)
from walkthroughs.mcp_server.nowhere import answer_nowhere
from walkthroughs.mcp_server.own_answers import OwnAnswers
from walkthroughs.mcp_server.pictures import FIND_PICTURE, Pictures
from walkthroughs.mcp_server.places import Places
from walkthroughs.mcp_server.refusals import Refused, check_ids, send_refusal
from walkthroughs.mcp_server.server import STATEMENTS, build_server, is_step_call
from walkthroughs.mcp_server.shared_answers import SharedAnswers
from walkthroughs.mcp_server.stream_requests import StreamRequests
from walkthroughs.mcp_server.streams import Streams
from walkthroughs.mcp_server.tenant import FIND_TENANT, ServerAddress, TenantLookup
from walkthroughs.mcp_server.threads import Threads
from walkthroughs.metrics import Metrics
from walkthroughs.serving.fair_queue import FairQueue
from walkthroughs.settings import Settings

if TYPE_CHECKING:
    from walkthroughs.serving.traces import Traces

#: Starlette tries one after the other, so the most used one is first.
_ADDRESSES = ("/s/{slug}/mcp/u/{token}", "/mcp/u/{token}", "/s/{slug}/mcp", "/mcp")
_SIGN_IN_PAGES = "/s/{slug}/oauth/{page:path}"
#: Where clients look for other transports, and for what describes a sign-in.
_NOWHERE = ("/mcp/{rest:path}", "/s/{rest:path}", "/.well-known/{rest:path}")

#: Calls at work beside those that the database works on: they are being read or written. With
#: more, calls would wait for the database where no turns are taken.
_BESIDE = 2


class Endpoint:
    """Answers at every MCP address, by its `routes`. Enter `lifespan` before the first call."""

    def __init__(
        self,
        settings: Settings,
        directory: TenantLookup,
        prepared: Prepared,
        server: Server[Any],
        streams: Streams,
        queue: FairQueue,
        *,
        streaming: bool,
        own_answers: OwnAnswers | None = None,
        sign_in_pages: ASGIApp | None = None,
    ) -> None:
        self._callers = Identification(settings.base_host, settings.base_url, directory)
        self._prepared = prepared
        #: Where clients hear that lists have changed.
        self.streams = streams
        self._streaming, self._own_answers = streaming, own_answers
        self._queue, self._shared_answers, self._shapes = queue, SharedAnswers(), CallShapes()
        self._stream_requests = StreamRequests(streams, self._callers.identify)
        self._served = _manager(server, streaming=streaming)
        self._away = _manager(build_away_server(server), streaming=streaming)
        self._room = make_room()
        admitted = partial(AdmittedPages, allowed=settings.allowed_origins, room=self._room)
        here = admitted(self._answer, admits_all=self._callers.asks_at_connect)
        nowhere = Discovery(settings, directory, admitted(partial(answer_nowhere, self._room)))
        addresses = [f"{path}{end}" for end in ("", "/") for path in _ADDRESSES]
        #: Starlette routes to put before all others.
        self.routes = [Route(path, endpoint=here) for path in addresses]
        #: Starlette middleware to put inside of all other.
        self.middleware = [Middleware(AddressesFirst, addresses=tuple(self.routes))]
        self.routes += Pictures(settings.base_host, directory, prepared, self._queue).routes
        if sign_in_pages is not None:
            self.routes.append(Route(_SIGN_IN_PAGES, endpoint=sign_in_pages))
        self.routes += [Route(path, endpoint=nowhere) for path in _NOWHERE]

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Serve while the block runs."""
        try:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(self._served.run())
                await stack.enter_async_context(self._away.run())
                yield
        finally:
            self._prepared.close()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body: bytes | None = b""
        try:
            body = await read_body(scope, receive, self._room)
            if body is None:
                return  # the client has left
            headers = dict(scope["headers"])
            check_ids(body)
            address = self._callers.address(scope, headers)
        except Refused as refused:
            await send_refusal(send, refused, body or b"")
            return
        # Before anything is asked of the database: so refusing costs next to nothing.
        group, caller = self._callers.turn(address, scope)
        if not await has_turn(self._queue, group, caller, send, body):
            return
        with ExitStack() as place:
            place.callback(self._queue.leave, caller)
            await self._answer_in_turn(address, scope, headers, body, receive, send, place.close)

    async def _answer_in_turn(
        self,
        address: ServerAddress,
        scope: Scope,
        headers: dict[bytes, bytes],
        body: bytes,
        receive: Receive,
        send: Send,
        leave: Callable[[], None],
    ) -> None:
        """Answer a request whose turn has come; *leave* gives its place back before the end."""
        try:
            call = await self._callers.identify(address, scope, headers, is_step_call(body))
            read = as_the_sdk_reads(scope, headers)
            messages = None if self._streaming else read_batch(body, headers)
        except Refused as refused:
            await send_refusal(send, refused, body)
            return
        if call is not None:
            read[SCOPE_KEY] = call
            if call.sign_in is not None:
                send = call.sign_in.exchanging(send, body)
        app = (self._served if call else self._away).handle_request
        if opens_stream(read, headers):
            requests = self._stream_requests
            await requests.answer(app, call, read, headers, body, receive, send, leave)
            return
        handle = (
            partial(app, read, replay(body, receive))
            if messages is None
            else partial(answer_batch, app, messages, read, receive)
        )
        if call is None:
            await handle(send)
        else:
            await self._answer_call(call, read, headers, body, handle, send)

    async def _answer_call(
        self,
        call: Call,
        scope: Scope,
        headers: dict[bytes, bytes],
        body: bytes,
        handle: GoOn,
        send: Send,
    ) -> None:
        """Answer by ourselves what is known, and by the SDK what is not."""
        own = self._own_answers
        if own is None or len(headers) != len(scope["headers"]):
            await handle(send)
        elif known := self._shapes.read(body, headers, len(scope["headers"])):
            await own.answer(call, known, scope, send, handle)
        else:
            await self._shared_answers.answer(call, headers, body, send, handle)


def build_endpoint(
    database: Database,
    settings: Settings,
    server: Server[Any] | None = None,
    *,
    streaming: bool = False,
    sign_in_pages: ASGIApp | None = None,
    metrics: Metrics | None = None,
    traces: Traces | None = None,
) -> Endpoint:
    """Return the endpoint of this process.

    Args:
        database: its pool also bounds how many tools run at once.
        settings: the public origin, which the hosts of servers are parts of.
        server: what to serve instead of the product's own, to the same tenants.
        streaming: answer as event streams, for a server whose tools report progress.
        sign_in_pages: answers where learners of a server on the base domain sign in.
        metrics: where tool calls and connections are counted.
        traces: where tool calls are traced; none: they are not.
    """
    limiter = CapacityLimiter(database.tool_threads)
    statements = (FIND_TENANT, FIND_PICTURE, *STATEMENTS)
    make = traces.prepared if traces else Prepared
    prepared = make(database, statements, database.tool_threads)
    directory = TenantLookup(prepared)
    metrics = metrics or Metrics()
    metrics.watch_connections(prepared.connections)
    streams = Streams(metrics, directory.forget_servers)
    own_answers = None
    if server is None:
        places = Places(database, prepared, Threads(database, limiter), ContentCache())
        server = build_server(places, directory, metrics, streams, traces)
        # A traced call has parts that only the SDK's way has.
        own_answers = None if streaming or traces else OwnAnswers(places, metrics)
    return Endpoint(
        settings,
        directory,
        prepared,
        server,
        streams,
        FairQueue(database.tool_threads + _BESIDE),
        streaming=streaming,
        own_answers=own_answers,
        sign_in_pages=sign_in_pages,
    )


def _manager(server: Server[Any], *, streaming: bool) -> StreamableHTTPSessionManager:
    return DirectManager(
        server,
        stateless=True,
        json_response=not streaming,
        max_request_body_size=MAX_BODY_BYTES,
        # Its list of hosts is fixed; ours is the tenants'. See `_identify` and `AdmittedPages`.
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
