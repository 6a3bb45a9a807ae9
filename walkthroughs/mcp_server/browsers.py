"""Browser pages as MCP clients: which may call, and what they may read (CORS)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from walkthroughs.hosts import hostname, is_same_host
from walkthroughs.mcp_server.incoming import read_body
from walkthroughs.mcp_server.refusals import Refused, send_refusal
from walkthroughs.serving.bodies import LargeBodies

_EXPOSED = ("Mcp-Session-Id", "Mcp-Protocol-Version", "WWW-Authenticate")
#: Desktop programs that show pages, and pages without an origin, such as files.
_WITH_A_LINK = ("vscode-file://", "app://")
_REFUSED = (
    "Pages of this site may not call this MCP server. "
    "Whoever runs it can admit the site with HANDRAIL_ALLOWED_ORIGINS."
)


class AdmittedPages:
    """Lets requests of admitted pages through to *app*, and lets these pages read its answers.

    A request without an `Origin` is not a page's, and passes. Others might come from
    a page that a learner visits by chance (DNS rebinding, cross-site calls).

    Args:
        app: answers the requests that pass.
        allowed: origins of pages that may call from anywhere.
        room: for large bodies of requests that do not pass.
        admits_all: whether a request is to a server that serves nobody without a secret, so that
            a page which a learner visits by chance gets nothing.
    """

    def __init__(
        self,
        app: ASGIApp,
        allowed: Collection[str],
        room: LargeBodies,
        admits_all: Callable[[Scope], Awaitable[bool]] | None = None,
    ) -> None:
        self._app = app
        self._allowed, self._room, self._admits_all = allowed, room, admits_all
        self._readable = CORSMiddleware(
            app,
            allow_origin_regex=".*",  # it is asked after `_is_admitted`, which knows the address
            allow_methods=("POST", "GET", "DELETE"),
            allow_headers=("*",),  # Mcp-Param-* have no fixed names
            allow_private_network=True,
            expose_headers=_EXPOSED,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
        if origin is None:
            await self._app(scope, receive, send)
        elif self._is_admitted(origin.decode("latin-1"), scope) or (
            self._admits_all and await self._admits_all(scope)
        ):
            await self._readable(scope, receive, send)
        else:
            await _refuse(scope, receive, send, self._room)

    def _is_admitted(self, origin: str, scope: Scope) -> bool:
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        theirs = hostname(origin)
        if theirs and is_same_host(theirs, hostname(f"//{host.decode('latin-1')}")):
            return True
        # Whoever has the link is its learner, whichever page the call comes from.
        has_link = "token" in scope["path_params"]
        by_link = has_link and (origin == "null" or origin.startswith(_WITH_A_LINK))
        return by_link or origin in self._allowed


async def _refuse(scope: Scope, receive: Receive, send: Send, room: LargeBodies) -> None:
    try:
        body = await read_body(scope, receive, room)
    except Refused as refused:
        await send_refusal(send, refused)
    else:
        await send_refusal(send, Refused(403, _REFUSED), body or b"")
