"""Paths that are no address: answered in JSON, since it is programs that try them."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from walkthroughs.addresses import is_dashboard
from walkthroughs.mcp_server.incoming import read_body
from walkthroughs.mcp_server.refusals import Refused, send_refusal
from walkthroughs.serving.bodies import LargeBodies

_WORDS = (
    "There is nothing at this path. The address of an MCP server ends with /mcp, or with /mcp/u/ "
    "and a personal link's secret. A server that asks for a sign-in answers 401 at its address and "
    "names there where to sign in."
)


async def answer_nowhere(room: LargeBodies, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 404: an ASGI application for paths below MCP addresses and for `/.well-known/`."""
    try:
        body = await read_body(scope, receive, room)
        await send_refusal(send, Refused(404, _WORDS), body or b"")
    except Refused as refused:
        await send_refusal(send, refused)


class NoBarePages:
    """Passes requests on to *app*, and puts JSON in the place of its bare page for status 404.

    Clients try paths such as `/register` on each host. The dashboard has pages of its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or is_dashboard(scope["path"]):
            await self._app(scope, receive, send)
            return
        replaced = False

        async def send_or_replace(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start":
                kind = dict(message["headers"]).get(b"content-type", b"")
                replaced = message["status"] == 404 and kind.startswith(b"text/html")
                if replaced:
                    await send_refusal(send, Refused(404, _WORDS))
            if not replaced:
                await send(message)

        await self._app(scope, receive, send_or_replace)
