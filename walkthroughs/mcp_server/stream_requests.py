"""The requests that open a stream: who may, and that an open stream takes no place in the queue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from walkthroughs.hosts import calling_address
from walkthroughs.mcp_server.call import Call
from walkthroughs.mcp_server.incoming import replay
from walkthroughs.mcp_server.refusals import Refused, send_refusal
from walkthroughs.mcp_server.streams import RETRY_AFTER, SCOPE_KEY, Opening, Streams
from walkthroughs.mcp_server.tenant import ServerAddress

_AWAY = "The server cannot look up this address just now. Try again soon."
Headers = dict[bytes, bytes]
#: Returns whom a request is for and from; none while the database is away. Raises Refused.
Identify = Callable[[ServerAddress, Scope, Headers, bool], Awaitable[Call | None]]


class StreamRequests:
    """Answers the requests that open a stream.

    Args:
        streams: of this process.
        identify: finds out again, from time to time, whether its caller is admitted.
    """

    def __init__(self, streams: Streams, identify: Identify) -> None:
        self._streams, self._identify = streams, identify

    async def answer(
        self,
        app: ASGIApp,
        call: Call | None,
        scope: Scope,
        headers: Headers,
        body: bytes,
        receive: Receive,
        send: Send,
        leave: Callable[[], None],
    ) -> None:
        """Answer one request: GET here, and `subscriptions/listen` by *app*.

        *leave* gives its place in the queue back, which it has until it is known to be a stream:
        before anything of it may wait for a client that does not read.
        """
        if scope["method"] == "GET":
            leave()
            await self._answer_get(call, scope, headers, receive, send)
            return
        receive = replay(body, receive)
        if call is None:
            leave()
            await app(scope, receive, send)
            return
        scope[SCOPE_KEY] = self._opening(call, scope, headers, leave)
        await app(scope, receive, send)

    async def _answer_get(
        self, call: Call | None, scope: Scope, headers: Headers, receive: Receive, send: Send
    ) -> None:
        if call is None:
            await send_refusal(send, Refused(503, _AWAY, RETRY_AFTER))
        else:
            opening = self._opening(call, scope, headers)
            await self._streams.answer_get(opening, scope, receive, send)

    def _opening(
        self,
        call: Call,
        scope: Scope,
        headers: Headers,
        is_open: Callable[[], None] = lambda: None,
    ) -> Opening:
        async def may_still() -> bool:
            try:
                now = await self._identify(call.address, scope, headers, False)
            except Refused:
                return False
            if now is None:  # while the database is away, nobody's right has ended
                return True
            server_id, learner_id = now.tenant.server_id, now.caller.learner_id
            return (server_id, learner_id) == (call.tenant.server_id, call.caller.learner_id)

        # Whoever is no learner is told apart by the server and the address.
        caller = call.caller.learner_id or f"{call.tenant.server_id} {calling_address(scope)}"
        return Opening(call, caller, may_still, is_open)
