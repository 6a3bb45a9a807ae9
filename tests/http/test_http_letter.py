"""Requests that break the letter of HTTP: what each gets, and that the next one is not read wrongly."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.serving import served
from tests.waiting import PATIENCE, until
from walkthroughs.serving.http_protocol import MAX_WAITING

HOST = b"Host: localhost\r\n"
GET, POST = b"GET / HTTP/1.1\r\n" + HOST, b"POST / HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
#: Sent behind each request, in the same bytes: it is answered if the server knows where it begins.
LAST = GET + b"Connection: close\r\n\r\n"
OK = ["200", "200"]

REQUESTS = {
    # How headers are written.
    "blanks around a value": (GET + b"X: \t v \t \r\n\r\n", OK),
    "no blank before a value": (GET + b"X:v\r\n\r\n", OK),
    "a value of other bytes": (GET + b"X: \xff\xfe\r\n\r\n", OK),
    "a line end without CR": (b"GET / HTTP/1.1\nHost: localhost\n\n", ["400"]),
    "a header's end without CR": (GET + b"X: v\n\r\n", ["400"]),
    "a CR in a value": (GET + b"X: v\rY: w\r\n\r\n", ["400"]),
    "a value in two lines": (GET + b"X: v\r\n w\r\n\r\n", ["400"]),
    "a blank before the colon": (GET + b"Content-Length : 3\r\n\r\nabc", ["400"]),
    "a blank before the name": (b"GET / HTTP/1.1\r\n X: v\r\n" + HOST + b"\r\n", ["400"]),
    "no name": (GET + b": v\r\n\r\n", ["400"]),
    "no colon": (GET + b"word\r\n\r\n", ["400"]),
    "NUL in a value": (GET + b"X: a\0b\r\n\r\n", ["400"]),
    "a control sign in a value": (GET + b"X: a\x01b\r\n\r\n", ["400"]),
    "other bytes in a name": (GET + b"X\xff: v\r\n\r\n", ["400"]),
    # Who it is for.
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", ["400"]),
    "two Hosts": (GET + HOST + b"\r\n", ["400"]),
    "HTTP/1.0 without Host": (b"GET / HTTP/1.0\r\n\r\n", ["200"]),
    # Where the body ends.
    "length and chunks": (POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ["400"]),
    "chunks and length": (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", ["400"]),
    "blanks after a length": (POST + b"Content-Length: 3 \r\n\r\nabc", OK),
    "the same length twice": (POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", ["400"]),
    "two lengths": (POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", ["400"]),
    "a list of lengths": (POST + b"Content-Length: 3, 3\r\n\r\nabc", ["400"]),
    "a length with a sign": (POST + b"Content-Length: +3\r\n\r\nabc", ["400"]),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\nabc", ["400"]),
    "a hexadecimal length": (POST + b"Content-Length: 0x3\r\n\r\nabc", ["400"]),
    "an empty length": (POST + b"Content-Length: \r\n\r\nabc", ["400"]),
    "a length in two words": (POST + b"Content-Length: 1 2\r\n\r\nabc", ["400"]),
    "a length beyond all numbers": (POST + b"Content-Length: 99999999999999999999999\r\n\r\n", ["400"]),
    "a coding that is not known": (POST + b"Transfer-Encoding: gzip\r\n\r\n", ["501"]),
    "two codings": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", ["501"]),
    "the coding identity": (POST + b"Transfer-Encoding: identity\r\n\r\n", ["501"]),
    "chunks twice": (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ["400"]),
    "chunks twice in a list": (POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", ["400"]),
    "a coding behind another sign": (POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", ["400"]),
    "chunks by HTTP/1.0": (CHUNKED.replace(b"1.1", b"1.0") + b"0\r\n\r\n", ["400"]),
    "chunks in capitals": (CHUNKED.replace(b"chunked", b"CHUNKED") + b"3\r\nabc\r\n0\r\n\r\n", OK),
    "a chunk with an extension": (CHUNKED + b"3;a=b\r\nabc\r\n0\r\n\r\n", OK),
    "a chunk's size ends without CR": (CHUNKED + b"3\nabc\r\n0\r\n\r\n", ["400"]),
    "a chunk ends without CR": (CHUNKED + b"3\r\nabc\n0\r\n\r\n", ["400"]),
    "a chunk's extension has a line end": (CHUNKED + b"3;a\nb\r\nabc\r\n0\r\n\r\n", ["400"]),
    "a chunk that is longer": (CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n", ["400"]),
    "a negative chunk": (CHUNKED + b"-1\r\nabc\r\n0\r\n\r\n", ["400"]),
    "a chunk with 0x": (CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n", ["400"]),
    "a chunk beyond all numbers": (CHUNKED + b"f" * 17 + b"\r\nabc\r\n0\r\n\r\n", ["400"]),
    "a header behind the body": (CHUNKED + b"3\r\nabc\r\n0\r\nHost: other\r\nX: v\r\n\r\n", OK),
    "a length behind the body": (CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n", ["400"]),
    # What is asked.
    "a body of GET": (GET + b"Content-Length: 3\r\n\r\nabc", OK),
    "a method that is not known": (b"FOO / HTTP/1.1\r\n" + HOST + b"\r\n", ["400"]),
    "a target with a blank": (b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", ["400"]),
    "a target with other bytes": (b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n", ["400"]),
    "a target with NUL": (b"GET /\0 HTTP/1.1\r\n" + HOST + b"\r\n", ["400"]),
    "another version": (b"GET / HTTP/1.2\r\n" + HOST + b"\r\n", ["400"]),
    "a version before headers": (b"GET / HTTP/0.9\r\n" + HOST + b"\r\n", ["505"]),
    "a version of another form": (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", ["505"]),
    "the beginning of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ["400"]),
    "a greeting of TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", ["400"]),
    "line ends before it": (b"\r\n\r\n" + GET + b"\r\n", OK),
    "another protocol, as Java asks": (POST + H2C + b"Content-Length: 3\r\n\r\nabc", OK),
    "another protocol, with chunks": (POST + H2C + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", OK),
    "a WebSocket": (GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", OK),
    "three at once": ((POST + b"Content-Length: 3\r\n\r\nabc") * 3, ["200"] * 4),
    "a good one, then none": (GET + b"\r\nNOTHING\r\n\r\n", ["200"]),
    "a good one, then one without Host": (GET + b"\r\nGET / HTTP/1.1\r\n\r\n", ["200"]),
    "two good ones, then a coding": ((GET + b"\r\n") * 2 + POST + b"Transfer-Encoding: gzip\r\n\r\n", OK),
    # How much of it.
    "more at once than may wait": ((GET + b"\r\n") * 100, ["200"] * (1 + MAX_WAITING)),
    "many other protocols": ((GET + H2C + b"\r\n") * 1000, ["200"] * (1 + MAX_WAITING)),
    "headers of 60 KiB": (GET + b"X: " + b"v" * 61_000 + b"\r\n\r\n", OK),
    "headers of 70 KiB": (GET + b"X: " + b"v" * 71_000 + b"\r\n\r\n", ["431"]),
    "many headers": (GET + b"X: v\r\n" * 12_000 + b"\r\n", ["431"]),
    "an address of 70 KiB": (b"GET /" + b"a" * 71_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", ["431"]),
    "headers without an end": (GET + b"X: " + b"v" * 300_000, ["431"]),
    "a header behind the body without an end": (CHUNKED + b"0\r\nX: " + b"v" * 300_000, ["431"]),
    "an extension without an end": (CHUNKED + b"3;" + b"v" * 300_000, ["431"]),
}  # fmt: skip


#: What streams of events were told at their end.
GONE = []


async def end_of(request):
    while not (request.has_sent_all or request.disconnected):
        await asyncio.sleep(0)


async def tell(scope, receive, send):
    """Answer with what the application is told; without a length if the address is `/open`.

    At `/end` once the client sends nothing more; at `/events` with a stream, until it is gone.
    """
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    if scope["path"].startswith("/end"):
        await end_of(receive.__self__)
    if scope["path"].endswith("/events"):
        events = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": events})
        GONE.append(await receive())
        return
    told = repr((scope["method"], scope["raw_path"], scope["query_string"], size, scope["headers"]))
    length = [] if scope["path"].endswith("/open") else [(b"content-length", b"%d" % len(told))]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": told.encode()})


@pytest.fixture(scope="module")
def address():
    with served(tell) as origin:
        host, port = origin.removeprefix("http://").split(":")
        yield host, int(port)


def ask(address, *parts, ends=False):
    """Return all that is answered until the server closes the connection.

    With *ends*, the client says that it sends nothing more, and reads on.
    """
    answers = []
    with socket.create_connection(address, timeout=PATIENCE) as opened, suppress(ConnectionError):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(ConnectionError):  # it has refused what came before
            for part in parts:
                opened.sendall(part)
            if ends:
                opened.shutdown(socket.SHUT_WR)
        while part := opened.recv(65536):
            answers.append(part)
    return b"".join(answers)


def statuses(answer):
    return re.findall(r"HTTP/1\.1 (\d+)", answer.decode("latin-1"))


def test_each_request_gets_what_its_letters_deserve(address):
    got = {name: statuses(ask(address, sent + LAST)) for name, (sent, _) in REQUESTS.items()}

    assert got == {name: expected for name, (_, expected) in REQUESTS.items()}


#: Those after which the connection ends are told why only if the ones before are answered already.
SHORT = [name for name in REQUESTS if len(REQUESTS[name][0]) < 500 and "good one" not in name]


@given(st.sampled_from(SHORT), st.data())
def test_however_the_bytes_are_cut_the_answers_are_the_same(address, name, data):
    sent, expected = REQUESTS[name]
    cuts = data.draw(st.lists(st.integers(1, len(sent)), max_size=4).map(sorted))
    places = zip([0, *cuts], [*cuts, len(sent)], strict=True)

    parts = [sent[first:last] for first, last in places]
    assert statuses(ask(address, *parts, LAST)) == expected


def test_the_application_is_told_what_was_sent(address):
    told = {
        name: ask(address, head + b"Connection: close\r\n\r\n").decode()
        for name, head in {
            "blanks": GET + b"X-One: \t v w \t \r\n",
            "host": b"GET http://other/x?y HTTP/1.1\r\n" + HOST,
            "all": b"OPTIONS * HTTP/1.1\r\n" + HOST,
            "open": b"GET /open HTTP/1.0\r\n",
        }.items()
    }

    assert "(b'x-one', b'v w')" in told["blanks"]
    assert "(b'host', b'localhost')" in told["host"]
    assert "b'http://other/x', b'y'" in told["host"], "it is no path that is served"
    assert "'OPTIONS', b'*'" in told["all"]
    assert "transfer-encoding" not in told["open"].lower(), "HTTP/1.0 has no chunks"
    assert told["open"].endswith("b'close')])"), (
        "an answer without a length ends with the connection"
    )
    trailer = ask(address, CHUNKED + b"3\r\nabc\r\n0\r\nHost: other\r\n\r\n" + LAST).decode()
    assert "b'/', b'', 3, " in trailer
    assert "other" not in trailer


def test_who_sends_nothing_more_gets_the_answers_to_what_was_asked_as_a_whole(address):
    end = b" /end HTTP/1.1\r\n" + HOST
    asked = {
        "one": (b"GET" + end + b"\r\n", ["200"]),
        "by HTTP/1.0": (b"GET /end HTTP/1.0\r\n\r\n", ["200"]),
        "without a length": (b"GET /end/open HTTP/1.1\r\n" + HOST + b"\r\n", ["200"]),
        "with a body": (b"POST" + end + b"Content-Length: 3\r\n\r\nabc", ["200"]),
        "in chunks": (b"POST" + end + CHUNKED.removeprefix(POST) + b"3\r\nabc\r\n0\r\n\r\n", ["200"]),
        "three": ((GET + b"\r\n") * 2 + b"GET" + end + b"\r\n", ["200"] * 3),
        "the beginning of another": (b"GET" + end + b"\r\n" + GET, ["200"]),
        "a body that is cut off": (b"POST" + end + b"Content-Length: 3\r\n\r\nab", []),
        "nothing": (b"", []),
    }  # fmt: skip

    got = {name: ask(address, sent, ends=True) for name, (sent, _) in asked.items()}
    assert {name: statuses(answer) for name, answer in got.items()} == {
        name: expected for name, (_, expected) in asked.items()
    }
    assert all(b"connection: close" in answer for answer in got.values() if answer)


def test_of_a_stream_of_events_who_sends_nothing_more_is_gone(address):
    GONE.clear()
    for path in (b"/events", b"/end/events"):  # the stream has begun, or begins afterwards
        for version in (b"1.1", b"1.0"):
            head = b"GET " + path + b" HTTP/" + version + b"\r\n" + HOST + b"\r\n"
            assert statuses(ask(address, head, ends=True)) in ([], ["200"])

    until(lambda: GONE == [{"type": "http.disconnect"}] * 4)
