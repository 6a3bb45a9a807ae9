"""Answer what all callers of a server are answered alike, with the SDK's bytes of a moment ago.

Whoever connects sends the same requests, to the byte, as all whose client is the same: few on a
quiet server, many on a busy one. So nothing here knows how such an answer looks.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from cachetools import TTLCache
from pydantic_core import from_json
from starlette.types import Send

from walkthroughs.mcp_server.call import Call, GoOn
from walkthroughs.mcp_server.kept_answers import KeptAnswer, keeping
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
#: What else a kept answer takes at most: its key, which has the request, and its headers.
_BESIDE = 1000 + _MAX_REQUEST


class SharedAnswers:
    """Answers of one event loop. They are kept as long as what is known of a server."""

    def __init__(self, seconds: float = CACHE_SECONDS, max_bytes: int = MAX_BYTES) -> None:
        self._kept: TTLCache[Hashable, KeptAnswer] = TTLCache(
            max_bytes, seconds, getsizeof=lambda kept: len(kept.body) + _BESIDE
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
            await kept.send(send)
            return

        def keep(answer: KeptAnswer) -> None:
            status, content = answer.status, answer.body
            is_good = status == 202 or (status == 200 and b'"result":' in content)
            if is_good and len(content) + _BESIDE <= self._kept.maxsize:
                self._kept[key] = answer

        await go_on(keeping(send, keep) if _is_shared(body) else send)


def _is_shared(body: bytes) -> bool:
    """Return whether a request is one of those whose answers are shared."""
    try:
        message = from_json(body)
    except ValueError:
        return False
    method = message.get("method") if isinstance(message, dict) else None
    return isinstance(method, str) and method in _METHODS
