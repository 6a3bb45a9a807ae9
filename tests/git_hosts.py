"""Git hosts on loopback: `git http-backend` behind TLS and a password, and SSH servers."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.certificates import make_certificate

#: What was posted to the interfaces for commit statuses: path, body, secrets. Clear it first.
STATUSES: list[tuple[str, dict[str, str], list[str]]] = []


#: A name that no resolver knows but the one that a test puts in place.
NAME = "git.handrail.test"


USER, PASSWORD = "x-access-token", "a-token-of-the-test"


_WANTED = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@dataclass(frozen=True)
class HttpsHost:
    """A host, and how it misbehaves while `trouble` holds something.

    Attributes:
        authority: the file of the certificate that vouches for it.
        trouble: a status to answer with; "open", to show everything to
            everybody; "read only", to take no pushes; "silent", to answer nothing
            until it is `well`; "cut" or "short", to break a pack off in the middle; "stuck", to stop
            in the middle of it until it is `well`; or an address, to send everybody there.
        asked: the paths that were asked for.
    """

    origin: str
    authority: Path
    trouble: list[int | str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    well: threading.Event = field(default_factory=threading.Event)

    def recover(self) -> None:
        self.trouble.clear()
        self.well.set()


@contextmanager
def https_host(root: Path, folder: Path) -> Iterator[HttpsHost]:
    """Serve the repositories under *root*."""
    certificate = make_certificate(folder, "127.0.0.1", NAME)
    server = _Server(root, certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.host
    finally:
        server.host.recover()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    def __init__(self, root: Path, authority: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.host = HttpsHost(f"https://127.0.0.1:{self.server_port}", authority)


_BREAKS = ("cut", "short", "stuck")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        host = self.server.host
        host.asked.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/api/"):
            secrets = [self.headers.get("Authorization"), self.headers.get("PRIVATE-TOKEN")]
            STATUSES.append((self.path, json.loads(body), [each for each in secrets if each]))
            self.answer(201)
            return
        trouble = next(iter(host.trouble), None)
        if self.headers.get("Authorization") != _WANTED and trouble != "open":
            self.answer(401, {"WWW-Authenticate": "Basic"})
            return
        if isinstance(trouble, int):
            self.answer(trouble)
        elif trouble == "silent":
            host.well.wait()
            self.close_connection = True
        elif trouble not in {None, "open", "read only", *_BREAKS}:
            self.answer(302, {"Location": f"{trouble}{self.path}"})
        else:
            self.pass_on(body, trouble)

    def pass_on(self, body: bytes, trouble: str | None) -> None:
        path, _, query = self.path.partition("?")
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            capture_output=True,
            check=True,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(self.server.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                # Pushes are taken from those only who are somebody.
                **({} if trouble == "read only" else {"REMOTE_USER": USER}),
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            },
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
        status, length = int(fields.pop("Status", "200").split()[0]), len(content)
        if trouble in _BREAKS and (at := content.find(b"PACK")) >= 0:
            content = content[: (at + length) // 2]
            self.close_connection = True
        self.answer(status, fields, content, len(content) if trouble == "short" else length)
        if trouble == "stuck" and self.close_connection:
            self.server.host.well.wait()

    def answer(
        self,
        status: int,
        fields: dict[str, str] | None = None,
        content: bytes = b"",
        length: int = 0,
    ) -> None:
        self.send_response(status)
        for name, value in ((fields or {}) | {"Content-Length": str(length)}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""
