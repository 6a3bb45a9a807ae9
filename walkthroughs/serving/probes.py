"""Is the process up, and is its database ready: without the threads that make pages."""

from __future__ import annotations

import asyncio
import logging

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from walkthroughs.database.migrations import SchemaTooNew, SchemaTooOld, check_newest, missing
from walkthroughs.database.pool import Database
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.models import Base

_log = logging.getLogger(__name__)
#: How long an answer of the database is waited for, and how long it is taken for the next ones.
_PATIENCE_SECONDS = 2.0
_FRESH_SECONDS = 1.0
_SILENT = "the database does not answer"
_HEADERS = {"Cache-Control": "no-store"}


class Probes:
    """Answers `/healthz` and `/readyz`, by its `routes`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._question: asyncio.Future[str] | None = None
        self._answered_at, self._fault = float("-inf"), _SILENT
        self.routes = [Route("/healthz", self._health), Route("/readyz", self._readiness)]

    async def _health(self, _: Request) -> Response:
        """Answer that the process is up, whatever its database does."""
        return PlainTextResponse("ok\n", headers=_HEADERS)

    async def _readiness(self, _: Request) -> Response:
        """Answer 200 when the database answers and has the schema of this release, else 503.

        The answer takes two seconds at most.
        """
        if fault := await self._ask():
            return PlainTextResponse(f"{fault}\n", 503, headers=_HEADERS)
        return PlainTextResponse("ready\n", headers=_HEADERS)

    async def _ask(self) -> str:
        """Ask the database, one question at a time however many callers there are.

        Returns what is wrong, in words; an empty text if nothing is.
        """
        loop = asyncio.get_running_loop()
        if loop.time() - self._answered_at < _FRESH_SECONDS:
            return self._fault
        if self._question is None:
            self._question = asyncio.ensure_future(asyncio.to_thread(self._find_fault))
            self._question.add_done_callback(self._note)
        done, _ = await asyncio.wait({self._question}, timeout=_PATIENCE_SECONDS)
        return self._fault if done else _SILENT

    def _note(self, question: asyncio.Future[str]) -> None:
        self._question = None
        self._answered_at = question.get_loop().time()
        failed = question.cancelled() or question.exception() is not None
        self._fault = _SILENT if failed else question.result()

    def _find_fault(self) -> str:
        try:
            gone = missing(self._database, Base.metadata)
            if not gone:
                check_newest(self._database)
        except DatabaseUnavailable:
            return _SILENT
        except (SchemaTooOld, SchemaTooNew) as error:
            return str(error)
        if not gone:
            return ""
        _log.error("the database misses %s", ", ".join(gone))
        return "the database has not the tables of this release; run: flask db upgrade"
