"""Answer what all callers of a server are answered alike, with the SDK's bytes of a moment ago.

Whoever connects sends the same requests, to the byte, as all whose client is the same: few on a
quiet server, many on a busy one. So nothing here knows how such an answer looks.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from cachetools import TTLCache
from pydantic_core import from_json
from starlette.types import Message, Send

from walkthroughs.mcp_server.call import Call, GoOn
from walkthroughs.mcp_server.tenant import CACHE_SECONDS

#: Their answers depend on the request and the server alone, and they change nothing.
_METHODS = frozenset(
    {"initialize", "notifications/initialized", "ping", "server/discover", "tools/list"}
)
#: The headers that an answer may depend on; the last is noted beside it (`last_call`).
_HEADERS = (
    b"accept",
    b"content-type",
    b"mcp-protocol-version",
    b"mcp-method",
    b"mcp-name",
    b"mcp-session-id",
    b"user-agent",
)
#: What is kept in all, and a request at most. A list of the tools has about 8 kB.
MAX_BYTES = 8 * 1024 * 1024
_MAX_REQUEST = 4000
#: What else a kept answer takes: its key and its headers.
_BESIDE = 1000


@dataclass(frozen=True, slots=True)
class _Kept:
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    size: int


class SharedAnswers:
    """Answers of one event loop. They are kept as long as what is known of a server."""

    def __init__(self, seconds: float = CACHE_SECONDS, max_bytes: int = MAX_BYTES) -> None:
        self._kept: TTLCache[Hashable, _Kept] = TTLCache(
            max_bytes, seconds, getsizeof=lambda kept: kept.size
        )

    async def answer(
        self, call: Call, headers: Mapping[bytes, bytes], body: bytes, send: Send, go_on: GoOn
    ) -> None:
        """Answer as the same request was answered a moment ago; else *go_on* answers, by the SDK.

        Args:
            call: as the endpoint found it.
            headers: by name; none was given twice.
            body: of the request, whole.
            send: where the answer goes.
            go_on: answers by the SDK.
        """
        # The link in a request that looks like a step call may have ended.
        if len(body) > _MAX_REQUEST or call.is_step_call:
            await go_on(send)
            return
        reads_results = call.sign_in is not None and call.sign_in.reads_results
        key = (body, call.tenant, reads_results, *map(headers.get, _HEADERS))
        kept = self._kept.get(key)
        if kept is not None:
            start = {"type": "http.response.start", "status": kept.status}
            await send({**start, "headers": list(kept.headers)})
            await send({"type": "http.response.body", "body": kept.body})
        else:
            await go_on(self._keeping(key, len(body), send) if _is_shared(body) else send)

    def _keeping(self, key: Hashable, request_size: int, send: Send) -> Send:
        """Return *send*, with an answer that goes on it kept, if it is a good one."""
        start: Message = {}

        async def keep_and_send(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            elif message.get("more_body"):
                start = {"status": 0}  # it comes in parts: none of them is the answer
            else:
                status, body = start["status"], message.get("body", b"")
                is_good = status == 202 or (status == 200 and b'"result":' in body)
                size = request_size + len(body) + _BESIDE
                if is_good and size <= self._kept.maxsize:
                    self._kept[key] = _Kept(status, tuple(start["headers"]), body, size)
            await send(message)

        return keep_and_send


def _is_shared(body: bytes) -> bool:
    """Return whether a request is one of those whose answers are shared."""
    try:
        message = from_json(body)
    except ValueError:
        return False
    method = message.get("method") if isinstance(message, dict) else None
    return isinstance(method, str) and method in _METHODS
