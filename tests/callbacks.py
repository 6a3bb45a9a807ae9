"""Where an app takes the answer of a sign-in: on the learner's computer, or on a site of its own."""

from __future__ import annotations

import queue
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.waiting import PATIENCE


class Callback:
    """Where answers go, and those that have come."""

    def __init__(self, url: str):
        self.url = url
        self._answers: queue.Queue[dict[str, str]] = queue.Queue()

    def put(self, path: str) -> None:
        given = parse_qs(urlsplit(path).query)
        self._answers.put({name: value for name, (value,) in given.items()})

    def answer(self) -> dict[str, str]:
        """Wait for an answer."""
        return self._answers.get(timeout=PATIENCE)


@contextmanager
def callback(certificate: Path | None = None, app: str | None = None) -> Iterator[Callback]:
    """Listen on a port of this computer, by TLS with a certificate; send browsers on to *app*."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(303 if app else 200)
            if app:
                self.send_header("Location", f"{app}?{urlsplit(self.path).query}")
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>Done</title><h1>You can close this</h1>")
            if self.path.startswith("/callback"):
                waiting.put(self.path)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # browsers ask twice
    scheme = "https" if certificate else "http"
    waiting = Callback(f"{scheme}://127.0.0.1:{server.server_port}/callback")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield waiting
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
