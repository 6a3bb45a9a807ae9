"""What an app runs on the learner's computer: a page that takes the answer of a sign-in."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


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
        return self._answers.get(timeout=10)


@contextmanager
def callback() -> Iterator[Callback]:
    """Listen on a port of this computer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>Done</title><h1>You can close this</h1>")
            if self.path.startswith("/callback"):
                waiting.put(self.path)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    waiting = Callback(f"http://127.0.0.1:{server.server_port}/callback")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield waiting
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
