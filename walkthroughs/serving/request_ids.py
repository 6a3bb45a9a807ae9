"""One id for each request: in the answer, and in every line of the log about it."""

from __future__ import annotations

import contextvars
import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from walkthroughs.hosts import sender

_HEADER = b"x-request-id"
_GIVEN = re.compile(rb"[\w.:-]{1,64}", re.ASCII)
_current: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """Return the id of the request that is being answered; empty if there is none.

    Tasks and threads that copy the context of the request know it, too.
    """
    return _current.get()


def call_apart(work: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401  as *work*
    """Return what *work* returns. Of the caller's context it sees the request's id alone."""
    context = contextvars.Context()
    context.run(_current.set, _current.get())
    return context.run(work, *args)


class RequestIds:
    """An ASGI application that gives each request to *app* an id.

    Put it outside of whatever changes the address that a request came from: the id that a proxy
    sends is taken from *trusted_proxies* alone, since others could make lines look like another's.
    """

    def __init__(self, app: ASGIApp, trusted_proxies: tuple[str, ...] = ()) -> None:
        self._app = app
        self._trusted = tuple(map(ip_network, trusted_proxies))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        own = (self._given(scope) if self._trusted else "") or secrets.token_hex(8)
        # It stays set: the server's line about an error that comes out of here has it, too.
        _current.set(own)
        header = (_HEADER, own.encode())

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Whoever sent it may keep it: another request's answer has another id.
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        await self._app(scope, receive, answer)

    def _given(self, scope: Scope) -> str:
        """Return the id that a trusted proxy sent; empty if there is none that can be used."""
        given = [value for name, value in scope["headers"] if name == _HEADER]
        if len(given) != 1 or not _GIVEN.fullmatch(given[0]):
            return ""
        host = sender(scope)
        return given[0].decode() if _is_among(host, self._trusted) else ""


def _is_among(host: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in networks)
