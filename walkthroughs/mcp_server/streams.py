"""Streams on which clients hear that the lists of their server have changed.

A client of the current protocol asks for one with `subscriptions/listen`. One of the handshake
versions opens it with GET, without a session: any process can answer it. A notice says that it is
time to list again and no more, so a client that reads slowly loses none of it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mcp.server.subscriptions import ServerEvent
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import event_matches, event_to_notification
from mcp.types import (
    METHOD_NOT_FOUND,
    SubscriptionFilter,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
)
from starlette.types import Receive, Scope, Send

from walkthroughs.events.announcements import ANY, Announced
from walkthroughs.mcp_server.call import Call
from walkthroughs.mcp_server.notices import (
    TOOLS,
    acknowledge,
    agreed_of,
    events_of,
    frame_of,
    meta_of,
    opening_frame,
)
from walkthroughs.mcp_server.refusals import Refused, send_refusal
from walkthroughs.metrics import Metrics
from walkthroughs.serving.connections import most_connections
from walkthroughs.serving.event_stream import KEEP_ALIVE_SECONDS, EventStream
from walkthroughs.serving.gathering import Gathering
from walkthroughs.serving.listeners import Listener, Listeners, TooManyListeners

#: Where the endpoint leaves who opens one.
SCOPE_KEY = "handrail.stream"
#: The label of these streams in the metrics.
KIND = "lists"
#: Streams at most of a process. They leave room for other connections, and a caller leaves some to
#: others.
MOST = 10_000
_SHARE_OF_CONNECTIONS, _SHARE_OF_CALLER = 0.75, 0.25
#: How often it is looked whether the caller may still listen.
GUARD_SECONDS = 240.0
#: Whoever comes so soon after a change may have listed what was before it.
_RECENT_SECONDS = 2.0
#: What goes with a refusal to open a stream.
RETRY_AFTER = ((b"retry-after", b"30"),)


@dataclass(frozen=True, slots=True)
class Opening:
    """Who opens a stream.

    Attributes:
        call: as the endpoint found it.
        caller: tells callers apart.
        may_still: asks whether the caller would be admitted now.
        is_open: is called once, when it is known to be a stream.
    """

    call: Call
    caller: str
    may_still: Callable[[], Awaitable[bool]]
    is_open: Callable[[], None] = lambda: None

    @property
    def where(self) -> str:
        """Return the server, as changes of it are announced."""
        return f"{self.call.tenant.organization_id}/{self.call.tenant.server_id}"


class Streams:
    """The streams of this process, on its event loop.

    Args:
        metrics: where streams and notices are counted.
        forget: is called before anybody is told that tools have changed.
        most: how many there may be.
        guard_seconds: how often it is looked whether a caller may still listen, at least.
    """

    def __init__(
        self,
        metrics: Metrics,
        forget: Callable[[], None],
        most: int | None = None,
        guard_seconds: float = GUARD_SECONDS,
    ) -> None:
        most = most or min(MOST, int(_SHARE_OF_CONNECTIONS * most_connections()))
        share = max(1, int(_SHARE_OF_CALLER * most))
        self._metrics, self._forget = metrics, forget
        self._guard_seconds = guard_seconds
        self._listeners = Listeners(metrics, most, share, KIND, _RECENT_SECONDS)
        self._gathering = Gathering(self._tell)

    def announce(self, announced: Announced) -> None:
        """Let the streams know what has changed: soon, and once for several changes."""
        self._gathering.announce(announced)

    def end_all(self) -> None:
        """End all streams, with what they have not been told yet; refuse those that come."""
        self._gathering.flush()
        self._listeners.end_all()

    async def listen(
        self,
        ctx: Any,  # noqa: ANN401  the SDK's protocol
        params: SubscriptionsListenRequestParams,
    ) -> SubscriptionsListenResult:
        """Answer `subscriptions/listen`. Where there is no room, nothing is agreed and it ends."""
        opening = ctx.request.scope.get(SCOPE_KEY)
        if opening is None:
            raise MCPError(code=METHOD_NOT_FOUND, message="This request opens no stream.")
        opening.is_open()
        agreed = agreed_of(params.notifications)
        try:
            with self._listeners.listener(opening.where, opening.caller) as listener:
                await acknowledge(ctx, agreed)
                if agreed != SubscriptionFilter():
                    await self._tell_client(ctx, agreed, _Watch(listener, opening, self))
        except TooManyListeners:
            await acknowledge(ctx, SubscriptionFilter())
        return SubscriptionsListenResult(_meta=meta_of(ctx))

    async def _tell_client(self, ctx: Any, agreed: SubscriptionFilter, watch: _Watch) -> None:  # noqa: ANN401
        while (events := await watch.events(self._guard_seconds)) is not None:
            for event in events:
                if event_matches(agreed, frozenset(), event):
                    notice = event_to_notification(event, meta_of(ctx))
                    await ctx.session.send_notification(notice, related_request_id=ctx.request_id)
                    self._metrics.notice_sent(KIND)

    async def answer_get(
        self, opening: Opening, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer GET: a stream of notices as the handshake versions have them."""
        headers = dict(scope["headers"])
        try:
            with self._listeners.listener(opening.where, opening.caller) as listener:
                if b"last-event-id" in headers:  # it was away, and may have missed something
                    listener.note(frozenset({ANY}))
                    listener.wake()
                leaving = asyncio.ensure_future(listener.end_with_client(receive))
                try:
                    await self._write(EventStream(send), headers, _Watch(listener, opening, self))
                finally:
                    leaving.cancel()
        except TooManyListeners as refused:
            await send_refusal(send, Refused(503, str(refused), RETRY_AFTER))

    async def _write(
        self, stream: EventStream, headers: Mapping[bytes, bytes], watch: _Watch
    ) -> None:
        await stream.start()
        await stream.write(opening_frame(headers.get(b"mcp-protocol-version", b"")))
        while (events := await watch.events(KEEP_ALIVE_SECONDS)) is not None:
            for event in events:
                await stream.write(frame_of(event))
                self._metrics.notice_sent(KIND)
            if not events:
                await stream.keep_alive()
        await stream.end()

    def _tell(self, announced: Announced) -> None:
        if any(ids & {TOOLS, ANY} for ids in announced.values()):
            self._forget()
        self._listeners.announce(announced)

    @property
    def guard_seconds(self) -> float:
        """Return how often it is looked whether a caller may still listen, at least."""
        return self._guard_seconds


class _Watch:
    """Waits for what a stream is to tell, and for the end of the right to hear it."""

    def __init__(self, listener: Listener, opening: Opening, streams: Streams) -> None:
        self._listener, self._opening = listener, opening
        self._guard_seconds = streams.guard_seconds
        self._clock = asyncio.get_running_loop().time
        self._next_guard = self._clock() + self._until_guard()

    async def events(self, seconds: float) -> tuple[ServerEvent, ...] | None:
        """Wait for changes; return what to tell. Empty after the *seconds*; None at the end."""
        left = max(0.0, self._next_guard - self._clock())
        changed = await self._listener.changes(min(seconds, left))
        if self._clock() >= self._next_guard:
            if not await self._opening.may_still():
                return None
            self._next_guard = self._clock() + self._until_guard()
        if self._listener.has_ended and not changed:
            return None
        return events_of(changed)

    def _until_guard(self) -> float:
        """Return when to look again: not for all at once that came at once."""
        return self._guard_seconds * random.uniform(0.5, 1.0)  # noqa: S311  likewise


async def listen_to_nothing(ctx: Any, _: Any) -> SubscriptionsListenResult:  # noqa: ANN401  the SDK's protocol
    """Answer `subscriptions/listen` where there is nothing to hear: agree to nothing, and end."""
    await acknowledge(ctx, SubscriptionFilter())
    return SubscriptionsListenResult(_meta=meta_of(ctx))
