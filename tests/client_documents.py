"""Documents of apps on a host of this machine, over https."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.certificates import make_certificate
from tests.signing_in import Academy, academy_served
from walkthroughs.database.pool import Database
from walkthroughs.identity.document_reader import DocumentReader
from walkthroughs.settings import Settings


class DocumentHost:
    """An https server that answers with what `answers` makes for a path, and counts."""

    def __init__(self, url: str, context: ssl.SSLContext):
        self.url, self.asked = url, 0
        self.reader = DocumentReader(lambda _: True, context)
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}

    def address(self, name: str = "client.json") -> str:
        return f"{self.url}/{name}"

    def publish(self, name: str = "client.json", headers=(), status=200, **metadata) -> str:
        """Serve a document; return its address."""
        address = self.address(name)
        given = {
            "client_id": address,
            "client_name": "Documented",
            "redirect_uris": ["http://127.0.0.1:7777/callback"],
            "token_endpoint_auth_method": "none",
        } | metadata
        body = json.dumps(given).encode()

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            for header in [("Content-Length", str(len(body))), *headers]:
                request.send_header(*header)
            request.end_headers()
            request.wfile.write(body)

        self.answers[f"/{name}"] = answer
        return address


@contextmanager
def document_host(folder: Path) -> Iterator[DocumentHost]:
    """Run a host of documents, whose certificate its `reader` believes."""
    certificate = make_certificate(folder, "localhost")
    believes = ssl.create_default_context(cafile=str(certificate))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.asked += 1
            host.answers[self.path](self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # a reader that leaves early
    host = DocumentHost(f"https://localhost:{server.server_port}", believes)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[DocumentHost]:
    with document_host(tmp_path) as made:
        yield made


@pytest.fixture
def academy(database: Database, settings: Settings, host: DocumentHost) -> Iterator[Academy]:
    """A server with sign-in that believes the host's documents."""
    with academy_served(database, settings, host.reader) as made:
        yield made
