"""The composition root: build every part once and join them. Nothing happens at import.

A command needs neither pages nor a server, and importing them takes seconds: functions
import what they alone need.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import click

try:
    from flask import Flask
    from flask.cli import FlaskGroup
except ModuleNotFoundError as error:  # the package is installed for `handrail-lint` alone
    raise SystemExit(
        "The server is not installed. Install it with: pip install 'handrail[server]'."
        " To check content only, use handrail-lint."
    ) from error

from admin.command_list import add_commands
from walkthroughs.audit import changes
from walkthroughs.command_group import LazyCommand, errors_as_messages
from walkthroughs.database import embedded
from walkthroughs.database.pool import Database, connect
from walkthroughs.runtime import Runtime, attach
from walkthroughs.serving.sizes import Sizes
from walkthroughs.settings import Settings, read_settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from walkthroughs.serving.traces import Traces
    from walkthroughs.serving.workers import Worker

_log = logging.getLogger(__name__)
#: More than any page takes, so that it says itself what is too much; and where that is far more.
_MAX_BODY_BYTES, _MAX_UPLOAD_BYTES = 9 * 1024 * 1024, 40 * 1024 * 1024
_UPLOADS = re.compile(r"/check/|/o/[^/]+/admin/walkthroughs/import/")
#: Two first requests at once add the pages once.
_ADDING = threading.Lock()


class Handrail(Flask):
    """The Flask half. Its pages are added before the first request is answered."""

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:  # noqa: ANN401  WSGI's protocol
        """Answer a request. It waits a little less for the database than the client for a page."""
        from walkthroughs.serving.whole import PAGE_SECONDS

        add_pages(self)
        with self.extensions["handrail"].database.lent.within(0.8 * PAGE_SECONDS):
            return super().wsgi_app(environ, start_response)


def create_app(settings: Settings | None = None) -> Handrail:
    """Return the Flask half: the dashboard, plain pages, and every command.

    The database is not touched before something asks for it, and the pages are made for the
    first request; `add_pages` makes them at once.
    """
    if settings is None:
        with errors_as_messages() if click.get_current_context(silent=True) else nullcontext():
            settings = read_settings(os.environ)
    app = Handrail(__name__)
    attach(app, Runtime(settings, _connect(settings, Sizes())))
    add_commands(app, add_pages)
    serve = "Serve the dashboard and every MCP endpoint; bring the database up to date first."
    app.cli.add_command(LazyCommand("serve", _load_serve, serve))
    return app


def _connect(settings: Settings, sizes: Sizes) -> Database:
    database = connect(
        partial(embedded.database_url, settings),
        pool_size=sizes.pool_size,
        direct_address=settings.direct_database_url,
    )
    for sessions in (database.sessions, database.direct_sessions):
        changes.install(sessions)
    return database


def add_pages(app: Flask) -> Flask:
    """Add the dashboard and the plain pages to *app*, unless it has them; return it."""
    from admin.build import build_admin
    from sync.merge_check.endpoint import checks
    from sync.schema_page import schema_pages
    from sync.webhook import webhooks
    from walkthroughs.identity.oauth_endpoints import oauth_endpoints
    from walkthroughs.identity.pages import sign_in_pages

    with _ADDING:
        if webhooks.name not in app.blueprints:
            parts = app.extensions["handrail"]
            build_admin(app, parts.database, parts.settings)
            for blueprint in (schema_pages, webhooks, checks, sign_in_pages, oauth_endpoints):
                app.register_blueprint(blueprint)
            app.extensions["csrf"].exempt(webhooks)  # signed by their senders instead
            app.extensions["csrf"].exempt(checks)  # asked with a token, and no cookie
            app.extensions["csrf"].exempt(oauth_endpoints)  # apps prove themselves; no cookie helps
    return app


def build_app(
    settings: Settings,
    flask_app: Flask | None = None,
    *,
    sizes: Sizes = Sizes(),  # noqa: B008  a constant
    worker: Worker | None = None,
) -> Starlette:
    """Return the whole service: MCP outside, Flask inside, the poller and the mover beside them.

    Of several workers, one polls and moves: when it ends, another one goes on.
    Call its `state.end_streams` in its event loop before it ends.
    """
    from a2wsgi import WSGIMiddleware
    from starlette.applications import Starlette
    from starlette.routing import Mount

    from sync.worker import run_worker
    from walkthroughs.events.announcements import CONTENT, Announced, run_announcements
    from walkthroughs.events.mover import CHANNEL, run_mover
    from walkthroughs.mcp_server.endpoint import build_endpoint
    from walkthroughs.mcp_server.nowhere import NoBarePages
    from walkthroughs.metrics import Metrics
    from walkthroughs.publishing.count_learners import run_learner_counts
    from walkthroughs.serving.background import running
    from walkthroughs.serving.listeners import Listeners
    from walkthroughs.serving.live_page import LivePage
    from walkthroughs.serving.metrics_page import MetricsPage
    from walkthroughs.serving.probes import Probes
    from walkthroughs.serving.siblings import Siblings
    from walkthroughs.serving.turn import Turn
    from walkthroughs.serving.whole import WholeRequests

    app = add_pages(flask_app or create_app(settings))
    database = app.extensions["handrail"].database
    flask_pages = WSGIMiddleware(_fresh_context_per_request(app), workers=sizes.threads)
    whole = WholeRequests(flask_pages, _most_bytes)  # type: ignore[arg-type]  # a2wsgi types scope as a TypedDict
    pages = NoBarePages(whole)
    metrics, traces = Metrics(), _start_traces(settings, database)
    endpoint = build_endpoint(
        database, settings, sign_in_pages=pages, metrics=metrics, traces=traces
    )
    listeners = Listeners(metrics)
    siblings = Siblings(worker, metrics) if worker else None
    in_turn = Turn(worker.folder / "turn").waits if worker else _at_once

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()

        def tell(announce: Callable[[Announced], None]) -> Callable[[Announced], None]:
            return lambda announced: loop.call_soon_threadsafe(announce, announced)  # type: ignore[return-value]

        told = {CONTENT: tell(endpoint.streams.announce), CHANNEL: tell(listeners.announce)}
        months, moved = settings.event_months, metrics.events_moved
        synced, again = metrics.source_synced, metrics.listens_again
        works = {
            "content-sources": in_turn(
                lambda stop: run_worker(database, settings, stop, synced, sizes.checks)
            ),
            "events": in_turn(lambda stop: run_mover(database, months, stop, moved)),
            "learner-counts": in_turn(lambda stop: run_learner_counts(database, stop)),
            "announcements": lambda stop: run_announcements(database, told, stop, again),
        }
        try:
            with running(works, database.lent.end_all):
                async with endpoint.lifespan(), siblings.telling() if siblings else nullcontext():
                    yield
        finally:
            database.close()
            if traces:
                traces.close()

    def end_streams() -> None:
        listeners.end_all()
        endpoint.streams.end_all()

    shown = MetricsPage(database, metrics, settings.metrics_token, siblings)
    live = LivePage(pages, listeners, metrics)
    routes = [*endpoint.routes, *Probes(database).routes, *shown.routes, *live.routes]
    service = Starlette(
        routes=[*routes, Mount("/", pages)], middleware=endpoint.middleware, lifespan=lifespan
    )
    service.state.end_streams = end_streams
    return service


def _most_bytes(path: str) -> int:
    """Return how many bytes are taken of a request to a page, before it is asked."""
    return _MAX_UPLOAD_BYTES if _UPLOADS.match(path) else _MAX_BODY_BYTES


def _at_once(work: Callable[[threading.Event], None]) -> Callable[[threading.Event], None]:
    """Return *work*, as there are no others to take turns with."""
    return work


def _start_traces(settings: Settings, database: Database) -> Traces | None:
    """Return what traces tool calls; none if nobody takes traces, and then nothing is loaded."""
    if settings.otlp_endpoint is None:
        return None
    from walkthroughs.serving.traces import Traces

    traces = Traces(settings.otlp_endpoint)
    traces.watch(database.engine)
    return traces


def _fresh_context_per_request(app: Flask) -> Callable[..., Any]:
    """Return *app*, each request in a context of its own.

    `flask serve` runs in an application context that request threads inherit. Without a fresh
    context, all requests would share `g`, and with it the signed-in user.
    """
    from walkthroughs.serving.request_ids import call_apart

    def answer(environ: Any, start_response: Any) -> Any:  # noqa: ANN401  WSGI's protocol
        return call_apart(app, environ, start_response)

    return answer


def _load_serve() -> click.Command:
    from admin.serve_command import serve_command

    return serve_command(build_app, add_pages, _connect)


def main() -> None:
    """Run `handrail`: the same commands as `flask` in a checkout."""
    FlaskGroup(create_app=create_app).main(prog_name="handrail")
