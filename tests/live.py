"""Listen as an open page of the dashboard does, or as an MCP client."""

from __future__ import annotations

import json
import re
import threading
import time
from contextlib import contextmanager

import httpx

from tests.waiting import PATIENCE, until


class Heard:
    """What a stream has said: `events`, each a value of JSON, with the time in `at`."""

    def __init__(self):
        self.events, self.at = [], []
        self.is_open = self.has_ended = False
        #: Whether it ended before its last frame.
        self.was_cut = False

    def take(self, line):
        self.is_open = True
        if line.startswith("data: "):
            self.at.append(time.monotonic())
            self.events.append(json.loads(line.removeprefix("data: ")))


@contextmanager
def signed_in(origin, email, password):
    """Yield a client with the cookie of a member."""
    with httpx.Client(base_url=origin) as client:
        page = client.get("/admin/login").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
        given = {"email": email, "password": password, "csrf_token": token}
        assert client.post("/admin/login", data=given).status_code == 302
        yield client


@contextmanager
def listening(client, slug="acme"):
    """Yield what a page hears, from when the stream is open; end it with the block."""
    with hearing(client, "GET", f"/o/{slug}/admin/live") as heard:
        yield heard


@contextmanager
def hearing(client, method, url, **more):
    """Yield what is heard on the stream that a request opens; end it with the block."""
    heard = Heard()
    with client.stream(method, url, **more) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")

        def read():
            try:
                for line in answer.iter_lines():
                    heard.take(line)
            except (httpx.HTTPError, httpx.StreamError):
                heard.was_cut = True
            heard.has_ended = True

        reader = threading.Thread(target=read)
        reader.start()
        until(lambda: heard.is_open)
        yield heard
        if not heard.has_ended:
            # Its reader waits for the next line: the connection is ended below it.
            answer.extensions["network_stream"].get_extra_info("socket").shutdown(2)
        reader.join(PATIENCE)
