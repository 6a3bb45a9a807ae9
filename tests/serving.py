"""A live server on loopback: the product's own endpoint under uvicorn, in a thread."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from tests.builders import content, new_course, step
from tests.waiting import PATIENCE
from walkthroughs.database.pool import Database
from walkthroughs.identity.links import create_link
from walkthroughs.learning.caller import Caller
from walkthroughs.mcp_server.endpoint import build_endpoint
from walkthroughs.mcp_server.results import VIEW
from walkthroughs.serving.connections import HEADER_SECONDS, UNREAD_SECONDS, bounded
from walkthroughs.serving.http_server import EndingServer
from walkthroughs.serving.unread import MOST_UNREAD_BYTES
from walkthroughs.settings import Settings


def free_port() -> int:
    """Return a port of loopback that nothing listens on, for a server that a test starts later.

    On Linux it is kept for this process until it ends: nobody else is given it, and what connects
    somewhere does not come from it. Servers can listen there, since they set SO_REUSEADDR as well.
    """
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    port = int(probe.getsockname()[1])
    if sys.platform == "linux":
        probe.detach()
    else:
        probe.close()
    return port


def view_of(result: Any) -> Any:
    """What a tool's result holds for programs."""
    return result.meta[VIEW]


async def call_until_taken(client: Any, name: str, arguments: dict[str, Any]) -> Any:
    """Call a tool; while the server or its database is too busy, call again, as told."""
    while True:
        answer = await client.call_tool(name, arguments)
        if not (answer.is_error and "then make the same call again" in answer.content[0].text):
            return answer
        await asyncio.sleep(0.2)


@contextmanager
def served(
    app: ASGIApp,
    *,
    port: int = 0,
    connections: int = 1000,
    header_seconds: float = HEADER_SECONDS,
    unread_seconds: float = UNREAD_SECONDS,
    most_unread: int = MOST_UNREAD_BYTES,
    trusted_proxies: tuple[str, ...] = (),
    certificate: Path | None = None,
) -> Iterator[str]:
    """Serve *app*, on a free port unless one is given, by TLS with a certificate; yield its origin."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        http=bounded(connections, header_seconds, unread_seconds, most_unread),
        ws="none",
        log_config=None,
        access_log=False,
        timeout_keep_alive=75,  # as `app.run`: httpx keeps a connection as long as uvicorn would
        timeout_graceful_shutdown=1,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        ssl_certfile=certificate,
    )
    server = EndingServer(config, getattr(getattr(app, "state", None), "end_streams", lambda: None))
    thread = threading.Thread(target=server.run)
    thread.start()
    ready = threading.Event()
    while not server.started and thread.is_alive():
        ready.wait(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http{'s' if certificate else ''}://localhost:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


class ServedServer:
    """A served course: organization, server and learner, and their addresses."""

    def __init__(self, origin: str, database: Database, slug: str, caller: Caller, row: str):
        self.origin, self.database, self.slug = origin, database, slug
        self.caller, self.walkthrough_id = caller, row
        self.anonymous = f"{origin}/s/{slug}/mcp"
        with database.transaction() as session:
            self.token = create_link(session, slug, "lea@x.example")
        self.address = f"{self.anonymous}/u/{self.token}"


CONTENT = content(
    steps=(
        step("one", section="Start", agent_instructions="Be kind.", verify="It runs."),
        step("two", section="Start"),
        step("three"),
    ),
    description="All of it.",
    estimated_minutes=7,
)


@pytest.fixture
def origin(database: Database, settings: Settings) -> Iterator[str]:
    endpoint = build_endpoint(database, settings)
    app = Starlette(
        routes=endpoint.routes,
        middleware=endpoint.middleware,
        lifespan=lambda _: endpoint.lifespan(),
    )
    app.state.end_streams = endpoint.streams.end_all
    with served(app) as address:
        yield address


@pytest.fixture
def course_server(origin: str, database: Database) -> ServedServer:
    with database.transaction() as session:
        caller, row = new_course(session, CONTENT)
    return ServedServer(origin, database, "acme", caller, row)
