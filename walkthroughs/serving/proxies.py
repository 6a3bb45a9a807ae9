"""What is believed of a proxy in front of the server."""

from __future__ import annotations

from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from walkthroughs.serving.request_ids import RequestIds


def at_the_edge(app: ASGIApp, trusted_proxies: tuple[str, ...] = ()) -> ASGIApp:
    """Return *app* with ids of requests, and with the addresses and schemes that proxies tell.

    Serve it without uvicorn's own way to believe proxies: then the ids could not be told from those
    of strangers, since that way hides who has sent the request.
    """
    if trusted_proxies:
        inside = ProxyHeadersMiddleware(app, list(trusted_proxies))  # type: ignore[arg-type]
        return RequestIds(inside, trusted_proxies)  # type: ignore[arg-type]
    return RequestIds(app)
