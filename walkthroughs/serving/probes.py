"""Is the process up, and does its database answer: without the threads that make pages."""

from __future__ import annotations

import asyncio

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from walkthroughs.database.pool import Database
from walkthroughs.database.unavailable import DatabaseUnavailable

#: How long an answer of the database is waited for, and how long it is taken for the next ones.
_PATIENCE_SECONDS = 2.0
_FRESH_SECONDS = 1.0
_HEADERS = {"Cache-Control": "no-store"}


class Probes:
    """Answers `/healthz` and `/readyz`, by its `routes`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._question: asyncio.Future[bool] | None = None
        self._answered_at, self._is_ready = float("-inf"), False
        self.routes = [Route("/healthz", self._health), Route("/readyz", self._readiness)]

    async def _health(self, _: Request) -> Response:
        """Answer that the process is up, whatever its database does."""
        return PlainTextResponse("ok\n", headers=_HEADERS)

    async def _readiness(self, _: Request) -> Response:
        """Answer 200 when the database answers, else 503, within two seconds."""
        if await self._asks():
            return PlainTextResponse("ready\n", headers=_HEADERS)
        return PlainTextResponse("the database does not answer\n", 503, headers=_HEADERS)

    async def _asks(self) -> bool:
        """Ask the database, one question at a time however many callers there are."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._answered_at < _FRESH_SECONDS:
            return self._is_ready
        if self._question is None:
            self._question = asyncio.ensure_future(asyncio.to_thread(self._answers))
            self._question.add_done_callback(self._note)
        done, _ = await asyncio.wait({self._question}, timeout=_PATIENCE_SECONDS)
        return bool(done) and self._is_ready

    def _note(self, question: asyncio.Future[bool]) -> None:
        self._question = None
        self._answered_at = question.get_loop().time()
        failed = question.cancelled() or question.exception() is not None
        self._is_ready = not failed and question.result()

    def _answers(self) -> bool:
        try:
            with self._database.autocommit() as connection:
                connection.execute(text("SELECT 1"))
        except DatabaseUnavailable:
            return False
        return True
