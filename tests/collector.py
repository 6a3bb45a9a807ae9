"""A program that takes traces by OTLP over HTTP, as those of operators do."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """What has come so far. `spans` are in the order of their ends."""

    def __init__(self) -> None:
        self.address = ""
        self.paths: list[str] = []
        self.bodies: list[bytes] = []
        self.resources: list[dict[str, str]] = []
        self.spans: list[Any] = []

    def take(self, path: str, body: bytes) -> None:
        """Take one request."""
        self.paths.append(path)
        self.bodies.append(body)
        for sent in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resources.append(facts(sent.resource))
            self.spans += [span for scope in sent.scope_spans for span in scope.spans]

    def named(self, name: str) -> list[Any]:
        """Return the spans of a name."""
        return [span for span in self.spans if span.name == name]

    def below(self, parent: Any) -> list[Any]:
        """Return the spans whose parent this one is."""
        return [span for span in self.spans if span.parent_span_id == parent.span_id]


def facts(told: Any) -> dict[str, str]:
    """Return the attributes of a span or a resource."""
    return {each.key: each.value.string_value for each in told.attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector on a free port while the block runs."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            collector.take(self.path, body)
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
