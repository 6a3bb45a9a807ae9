"""Notes what a server is asked, in the words of docs/assistants.md."""

from __future__ import annotations

import re
from itertools import groupby

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NAMES = (
    (r"/\.well-known/oauth-protected-resource.*", "resource metadata"),
    (r"/\.well-known/.*", "issuer metadata"),
    (r".*/oauth/(\w+)", r"\1"),
    (r".*/mcp", "{method}"),
)


class RequestsSeen:
    """The requests since `clear`, but for what a page needs to look well."""

    def __init__(self) -> None:
        self._seen: list[tuple[str, int]] = []

    def clear(self) -> None:
        self._seen.clear()

    def around(self, app: ASGIApp) -> ASGIApp:
        """Wrap what is served."""

        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            async def answer(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._note(scope["method"], scope["path"], message["status"])
                await send(message)

            await app(scope, receive, answer if scope["type"] == "http" else send)

        return noted

    def _note(self, method: str, path: str, status: int) -> None:
        for pattern, name in _NAMES:
            if re.fullmatch(pattern, path):
                named = re.sub(pattern, name, path, count=1).format(method=method)
                self._seen.append((named, status))
                return

    def in_order(self) -> str:
        """Return the requests, those that repeat as one; what a person does on the page is one."""
        shown = [
            name if name == "authorize" or status < 400 else f"{name} {status}"
            for name, status in self._seen
        ]
        return ", ".join(name for name, _ in groupby(shown))
