"""Clients that are slow, silent or many stop nobody else."""

from __future__ import annotations

import logging
import socket
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from a2wsgi import WSGIMiddleware

from app import add_pages, build_app, create_app
from tests.serving import served
from tests.waiting import PATIENCE, until
from walkthroughs.serving.whole import WholeRequests

SLOW_POST = (
    b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 1000\r\n\r\nx"
)


@contextmanager
def connection(origin):
    host, port = origin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as opened:
        yield opened


def answer_of(opened):
    """Read until the server closes; return the status line and the rest."""
    parts = []
    while part := opened.recv(65536):
        parts.append(part)
    head, _, rest = b"".join(parts).partition(b"\r\n")
    return head.decode(), rest.decode()


@pytest.fixture
def origin(database, settings):
    with served(build_app(settings, add_pages(create_app(settings)))) as origin:
        yield origin


@pytest.mark.parametrize("path", [b"/admin/login", b"/webhooks/git/src_1", b"/check/src_1"])
def test_pages_and_probes_are_answered_while_fifty_posts_do_not_arrive(origin, path):
    with ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(connection(origin)).sendall(SLOW_POST % path)
        for page in ("/healthz", "/readyz", "/admin/login"):
            assert httpx.get(origin + page).status_code == 200


def test_large_messages_that_do_not_arrive_fill_no_memory_and_hold_back_no_small_one(origin):
    head = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\n%s\r\n"
    elsewhere = (b"/mcp", b""), (b"/mcp/none", b""), (b"/mcp", b"Origin: https://e.example\r\n")

    def status(size):
        answer = httpx.post(f"{origin}/s/none/mcp", content=b" " * size)
        assert (answer.status_code == 503) == ("retry-after" in answer.headers)
        return answer.status_code

    with ExitStack() as stack:
        for number in range(128):
            opened = stack.enter_context(connection(origin))
            opened.sendall(head % elsewhere[number % 3] + b" " * 9_000)
        until(lambda: status(300_000) == 503)
        assert status(100) == 404
        assert httpx.post(f"{origin}/mcp/none", content=b" " * 300_000).status_code == 503
    until(lambda: status(300_000) == 404)


def test_large_uploads_of_one_address_leave_room_for_those_of_another(origin):
    head = b"POST /admin/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n"
    mcp = b"POST /s/none/mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\n\r\n"

    def status(host, path):
        with httpx.Client(transport=httpx.HTTPTransport(local_address=host)) as client:
            return client.post(origin + path, content=b" " * 400_000).status_code

    with ExitStack() as stack:
        for _ in range(16):
            stack.enter_context(connection(origin)).sendall(head + b" " * 300_000)
        for _ in range(128):
            stack.enter_context(connection(origin)).sendall(mcp + b" " * 9_000)
        until(lambda: status("127.0.0.1", "/admin/login") == 503)
        until(lambda: status("127.0.0.1", "/s/none/mcp") == 503)
        assert status("127.0.0.2", "/admin/login") == 400  # it is no form of ours
        assert status("127.0.0.2", "/s/none/mcp") == 404


def test_a_page_is_given_all_that_it_takes_and_others_far_less_than_an_import(origin):
    def is_given(path, mebibytes):
        answer = httpx.post(origin + path, content=b" " * mebibytes * 1024 * 1024)
        return "The body is too large: at most" not in answer.text

    assert is_given("/o/acme/admin/walkthroughs/import/", 33)
    assert is_given("/check/src_1", 32)
    assert is_given("/webhooks/git/src_1", 4)
    assert is_given("/o/acme/admin/walkthroughs/wt_1/draft", 8)
    for path in ("/webhooks/git/src_1", "/o/acme/admin/walkthroughs/wt_1/draft", "/admin/login"):
        assert not is_given(path, 10)


def test_pages_are_answered_while_clients_do_not_read_theirs(origin):
    request = b"GET /admin/assets/handrail.css HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(30):
            stack.enter_context(connection(origin)).sendall(request * 40)
        assert httpx.get(f"{origin}/admin/login").status_code == 200


def page(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(str(len(body)))))])
    return [str(len(body)).encode()]


def whole(limit, **more):
    return WholeRequests(WSGIMiddleware(page), lambda _path: limit, **more)


def test_a_body_that_does_not_arrive_in_time_is_answered_with_408():
    app = whole(1 << 20, seconds=0.1)
    with served(app) as origin, connection(origin) as opened:
        opened.sendall(SLOW_POST % b"/")
        status, rest = answer_of(opened)

    assert status == "HTTP/1.1 408 Request Timeout"
    assert "did not arrive in time" in rest


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 300_000, 1 << 20])
def test_a_body_of_any_size_up_to_the_limit_arrives_whole(size):
    with served(whole(1 << 20)) as origin:
        assert httpx.post(origin, content=b"x" * size).text == str(size)


def test_a_body_beyond_the_limit_is_answered_with_413():
    with served(whole(1 << 20)) as origin:
        answer = httpx.post(origin, content=b"x" * ((1 << 20) + 1))

    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert "at most 1024 KiB" in answer.text


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nHost: local"])
def test_headers_that_do_not_arrive_in_time_are_answered_with_408(sent):
    with (
        served(whole(1024), header_seconds=0.1) as origin,
        connection(origin) as opened,
    ):
        opened.sendall(sent)
        status, rest = answer_of(opened)

    assert status == "HTTP/1.1 408 Request Timeout"
    assert "did not arrive in time" in rest


def test_the_headers_of_a_later_request_have_the_same_time():
    with (
        served(whole(1024), header_seconds=0.1) as origin,
        connection(origin) as opened,
    ):
        opened.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        first = b""
        while not first.endswith(b"\r\n\r\n0"):  # the size of an empty body
            first += opened.recv(65536)
        assert first.startswith(b"HTTP/1.1 200 OK")
        opened.sendall(b"GET / HTTP/1.1\r\nHos")
        status, _ = answer_of(opened)

    assert status == "HTTP/1.1 408 Request Timeout"


def test_a_connection_beyond_the_bound_is_told_to_come_back_and_the_log_has_one_line(caplog):
    app = whole(1024)
    with (
        caplog.at_level(logging.WARNING, "walkthroughs.serving"),
        served(app, connections=5) as origin,
    ):
        with ExitStack() as stack:
            kept = [stack.enter_context(connection(origin)) for _ in range(5)]
            kept[0].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert kept[0].recv(65536).startswith(b"HTTP/1.1 200 OK")
            for _ in range(10):
                with connection(origin) as opened:
                    status, rest = answer_of(opened)
                assert status == "HTTP/1.1 503 Service Unavailable"
                assert "Retry-After: 5\r\n" in rest
        assert httpx.get(origin).status_code == 200, "there is room again"

    assert len(caplog.messages) == 1
