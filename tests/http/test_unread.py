"""Clients that do not read their answers: they keep nobody from theirs, and are left."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import threading
import time
from contextlib import ExitStack

import httpx
import pytest
from a2wsgi import WSGIMiddleware
from starlette.applications import Starlette
from starlette.responses import JSONResponse

from tests.http.posting import HEADERS, LIST, post
from tests.serving import served
from tests.slow_readers import has_something, read_to_end, slow_reader, who_do_not_read
from tests.waiting import until
from walkthroughs.metrics import Metrics
from walkthroughs.serving.listeners import Listeners
from walkthroughs.serving.live_page import LivePage
from walkthroughs.serving.whole import WholeRequests

#: More than the system takes from the server for a slow reader.
PAGE = b"x" * 100_000
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def page(_environ, start_response):
    start_response("200 OK", [("Content-Length", str(len(PAGE)))])
    return [PAGE[:1000], PAGE[1000:]]


@pytest.fixture
def pages():
    return WholeRequests(WSGIMiddleware(page), lambda _path: 1 << 20)


def mcp_request(path, body, **more):
    content = json.dumps(body).encode()
    headers = HEADERS | {"Host": "localhost", "Content-Length": str(len(content))} | more
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


def answers_of(server, calls=5):
    """What another client is told meanwhile: it is a caller of its own."""
    return [post(server.address, LIST).status_code for _ in range(calls)]


def test_clients_that_do_not_read_their_lists_of_tools_keep_no_other_from_its_own(course_server):
    path = f"/s/{course_server.slug}/mcp"
    requests = [
        mcp_request(path, LIST, Authorization=f"Bearer {number}") * 30 for number in range(20)
    ]
    assert len(post(course_server.address, LIST).content) * 30 > 200_000
    with who_do_not_read(course_server.origin, requests):
        assert answers_of(course_server) == [200] * 5


def test_clients_that_send_ids_of_a_mebibyte_and_do_not_read_keep_no_other_from_answers(
    course_server,
):
    requests = [
        mcp_request(f"/s/x{number}/mcp", LIST | {"id": "x" * 1_000_000}) for number in range(20)
    ]
    with who_do_not_read(course_server.origin, [request * 2 for request in requests]) as readers:
        assert answers_of(course_server) == [200] * 5
        for reader in readers:
            assert len(reader.recv(65536)) < 2000


@pytest.mark.parametrize("more", [b"", b"Connection: close\r\n"])
def test_a_client_that_does_not_read_is_left_and_the_log_has_one_line_for_all(pages, caplog, more):
    request = GET.replace(b"\r\n\r\n", b"\r\n" + more + b"\r\n")
    with (
        caplog.at_level(logging.INFO),
        served(pages, connections=3, unread_seconds=0.1) as origin,
        who_do_not_read(origin, [request] * 3) as readers,
    ):
        until(lambda: httpx.get(origin).status_code == 200)  # there is room for a connection again
        assert all(len(read_to_end(reader)) < len(PAGE) for reader in readers)
    lines = [record for record in caplog.records if record.name.startswith("walkthroughs")]
    assert sum("did not read" in record.message for record in lines) == 1
    assert not [record for record in caplog.records if record.exc_info]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_who_reads_slowly_gets_all_however_long_it_takes(pages):
    pause = threading.Event()
    with served(pages, unread_seconds=0.2) as origin, slow_reader(origin) as reader:
        reader.sendall(GET)
        began, read = time.monotonic(), b""
        while not read.endswith(PAGE):
            read += reader.recv(4096)
            pause.wait(0.05)
        assert time.monotonic() - began > 3 * 0.2


def test_who_reads_slowly_is_not_left_while_the_system_has_megabytes_for_them():
    large = b"x" * 16_000_000

    def export(_environ, start_response):
        start_response("200 OK", [("Content-Length", str(len(large)))])
        return [large]

    pages, pause = WholeRequests(WSGIMiddleware(export), lambda _path: 1 << 20), threading.Event()
    with (
        served(pages, unread_seconds=1.0) as origin,
        socket.socket() as reader,
    ):
        # Little of it waits here, and all else at the server.
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        reader.connect(("127.0.0.1", int(origin.rsplit(":", 1)[1])))
        reader.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        read = 0
        for _ in range(25):
            read += len(reader.recv(65536))
            pause.wait(0.1)
        read += len(read_to_end(reader))
    assert read > len(large)


def test_who_reads_late_gets_all_answers_whole_and_in_order(pages):
    with served(pages) as origin, slow_reader(origin) as reader:
        reader.sendall(GET * 20 + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        until(lambda: has_something(reader))
        content = read_to_end(reader)
    heads = re.findall(rb"HTTP/1.1 200 OK\r\n", content)
    assert len(heads) == 21
    assert content.count(b"x" * len(PAGE)) == 21
    assert content.endswith(PAGE)


def test_beyond_the_room_for_answers_that_wait_the_oldest_of_the_address_with_most_is_left(
    pages, caplog
):
    with (
        caplog.at_level(logging.WARNING, "walkthroughs.serving"),
        served(pages, most_unread=4 * len(PAGE)) as origin,
        ExitStack() as stack,
    ):
        other = stack.enter_context(slow_reader(origin, "127.0.0.2"))
        other.sendall(GET)
        until(lambda: has_something(other))
        readers = []
        for _ in range(10):
            readers.append(stack.enter_context(slow_reader(origin)))
            readers[-1].sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            until(lambda: has_something(readers[-1]))
        whole = [PAGE in read_to_end(reader) for reader in readers]
        assert whole == sorted(whole), "the oldest are left"
        assert not whole[0]
        assert whole[-1]
        read = b""
        while not read.endswith(PAGE):
            read += other.recv(65536)
    assert len(caplog.messages) == 1


def test_a_stream_that_is_not_read_ends_and_makes_room():
    metrics, told = Metrics(), frozenset(f"{number:01000}" for number in range(50))
    listeners, loops = Listeners(metrics, most=1), []

    async def names_ann(scope, receive, send):
        loops.append(asyncio.get_running_loop())
        who = {"organization": "org_acme", "member": "ann"}
        await JSONResponse(who)(scope, receive, send)

    def has_ended():
        loops[0].call_soon_threadsafe(listeners.announce, {"org_acme": told})
        return 'handrail_listeners{kind="pages"} 0.0' in metrics.text().decode()

    app = Starlette(routes=LivePage(names_ann, listeners, metrics).routes)
    request = GET.replace(b" / ", b" /o/acme/admin/live ")
    with served(app, unread_seconds=0.1) as origin, who_do_not_read(origin, [request]):
        until(has_ended)
