"""`/metrics` for operators: with a token, or without one from this machine alone."""

from __future__ import annotations

import asyncio
import hmac
from contextlib import suppress
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from walkthroughs.database.pool import Database
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.events.waiting import count_waiting
from walkthroughs.metrics import Metrics
from walkthroughs.serving.siblings import Siblings

#: What a proxy adds: behind one, everybody comes from this machine.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-real-ip", "via")
_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
_REFUSAL = (
    "Send the token of HANDRAIL_METRICS_TOKEN as a bearer. Without that setting, metrics are shown"
    " to programs of this machine only, and not through a proxy.\n"
)


class MetricsPage:
    """Answers `/metrics`, by its `routes`."""

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        token: str | None,
        siblings: Siblings | None = None,
    ) -> None:
        self._database, self._metrics, self._token = database, metrics, token
        self._siblings = siblings
        metrics.watch_connections(database.connections)
        self.routes = [Route("/metrics", self._answer)]

    async def _answer(self, request: Request) -> Response:
        """Answer with what this process and its siblings have counted, and the events that wait.

        While the database is away, those are the last ones that were known.
        """
        if not self._may_read(request):
            return PlainTextResponse(_REFUSAL, 403)
        await asyncio.to_thread(self._count_waiting)
        shown = await self._siblings.text() if self._siblings else self._metrics.text()
        return Response(shown, media_type=_FORMAT)

    def _may_read(self, request: Request) -> bool:
        if self._token is not None:
            given = request.headers.get("authorization", "")
            return hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode())
        host = request.client.host if request.client else ""
        return _is_loopback(host) and not any(name in request.headers for name in _FORWARDED)

    def _count_waiting(self) -> None:
        with suppress(DatabaseUnavailable):  # that is logged where it was seen
            self._metrics.events_waiting(*count_waiting(self._database))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
