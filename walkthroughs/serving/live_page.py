"""Tell open pages of the dashboard that something has changed: a stream of events for each.

It is answered here and not by the threads that make pages: ten streams would take them all.
What a page shows is asked for by the page, as always; the stream only says that it is time.
"""

from __future__ import annotations

import asyncio
import json
import random

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from walkthroughs.addresses import ADMIN
from walkthroughs.metrics import Metrics
from walkthroughs.serving.event_stream import KEEP_ALIVE_SECONDS, EventStream
from walkthroughs.serving.listeners import KIND, Listener, Listeners, TooManyListeners

#: Several changes within this time become one event.
GATHER_SECONDS = 0.5
#: How often it is asked whether the member may still listen.
GUARD_SECONDS = 60.0
#: How soon a client shall come again, in milliseconds: not all of them at once.
_COME_AGAIN_MS = (1000, 8000)
_RETRY_AFTER = {"Retry-After": "30", "Cache-Control": "no-store"}


class LivePage:
    """Answers `/o/<slug>/admin/live`, by its `routes`.

    Args:
        pages: the pages. What they answer at the same address says whether the member may listen:
            their ids, as JSON. Another answer is passed on.
        listeners: who is told, of this process.
        metrics: where events are counted.
        guard_seconds: how often the pages are asked again, at least.
    """

    def __init__(
        self,
        pages: ASGIApp,
        listeners: Listeners,
        metrics: Metrics,
        guard_seconds: float = GUARD_SECONDS,
    ) -> None:
        self._pages, self._listeners, self._metrics = pages, listeners, metrics
        self._guard_seconds = guard_seconds
        path = f"/o/{{slug}}{ADMIN}/live"
        self.routes = [Route(path, endpoint=self), Route(f"{path}/", endpoint=self)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] != "GET":
            await self._pages(scope, receive, send)
            return
        answer = await self._ask(scope)
        if answer.status_code != 200:
            await answer(scope, receive, send)
            return
        who = json.loads(bytes(answer.body))
        try:
            with self._listeners.listener(who["organization"], who["member"]) as listener:
                leaving = asyncio.ensure_future(listener.end_with_client(receive))
                try:
                    await self._stream(listener, scope, EventStream(send))
                finally:
                    leaving.cancel()
        except TooManyListeners as refused:
            refusal = PlainTextResponse(f"{refused}\n", refused.status, _RETRY_AFTER)
            await refusal(scope, receive, send)

    async def _stream(self, listener: Listener, scope: Scope, stream: EventStream) -> None:
        """Send what the listener is told, until it or the right to listen ends."""
        clock = asyncio.get_running_loop().time
        await stream.start()
        await stream.write(b"retry: %d\n\n" % random.randint(*_COME_AGAIN_MS))  # noqa: S311  to spread them
        next_guard = clock() + self._until_guard()
        while True:
            left = max(0.0, next_guard - clock())
            changed = await listener.changes(min(KEEP_ALIVE_SECONDS, left))
            if clock() >= next_guard:
                if (await self._ask(scope)).status_code != 200:
                    break
                next_guard = clock() + self._until_guard()
            if listener.has_ended:
                break
            if changed:
                await stream.write(f"event: changed\ndata: {json.dumps(changed)}\n\n".encode())
                self._metrics.notice_sent(KIND)
                await listener.pause(GATHER_SECONDS)
            else:
                await stream.keep_alive()
        await stream.end()

    def _until_guard(self) -> float:
        """Return when to ask again: not for all at once that came at once."""
        return self._guard_seconds * random.uniform(0.5, 1.0)  # noqa: S311  likewise

    async def _ask(self, scope: Scope) -> Response:
        """Return what the pages answer at this address to the sender of the request."""
        headers = [(name, value) for name, value in scope["headers"] if name in _OF_SENDER]
        asked = {
            **scope,
            "path": scope["path"].rstrip("/") + "/",
            "query_string": b"",
            "headers": [*headers, (b"accept", b"application/json")],
        }
        parts: list[Message] = []

        async def keep(message: Message) -> None:
            parts.append(message)

        await self._pages(asked, _nothing_to_read(), keep)
        answer = Response(b"".join(part.get("body", b"") for part in parts), parts[0]["status"])
        answer.raw_headers = list(parts[0]["headers"])
        return answer


#: What the pages know the sender of a request by.
_OF_SENDER = frozenset({b"host", b"cookie", b"user-agent"})


def _nothing_to_read() -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive
