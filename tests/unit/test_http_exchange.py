"""An answer leaves in one piece, and a body that is here is taken once: a connection without sockets."""

from __future__ import annotations

import asyncio

import uvicorn
from uvicorn.server import ServerState

from tests.waiting import SOON
from walkthroughs.serving.bodies import receive_body
from walkthroughs.serving.connections import bounded

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\n"
LENGTH = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]}
NO_LENGTH = {"type": "http.response.start", "status": 200, "headers": []}


class Wire(asyncio.Transport):
    """Keeps what is written. Its client takes it at once, unless it is *stalled*."""

    def __init__(self):
        super().__init__()
        self.written, self.closed, self.unsent = [], False, 0
        self.stalled = self.aborted = False

    def write(self, data):
        self.written.append(data)
        if self.stalled and data:
            self.unsent += len(data)
            self.get_protocol().pause_writing()

    def take(self):
        self.stalled, self.unsent = False, 0
        self.get_protocol().resume_writing()

    def set_write_buffer_limits(self, high=None, low=None):
        assert high < 2, "it is told of the first byte that is not taken"

    def get_write_buffer_size(self):
        return self.unsent

    def set_protocol(self, protocol):
        self.protocol = protocol

    def get_protocol(self):
        return self.protocol

    def close(self):
        self.closed = True

    def abort(self):
        self.closed = self.aborted = True

    def is_closing(self):
        return self.closed

    def pause_reading(self):
        pass

    resume_reading = pause_reading


def connection(app, **bounds):
    """A connection to *app*, and what is written to it."""
    http = bounded(9, **bounds)
    config = uvicorn.Config(
        app, http=http, ws="none", lifespan="off", log_config=None, access_log=False
    )
    config.load()
    protocol = config.http_protocol_class(config=config, server_state=ServerState(), app_state={})
    wire = Wire()
    wire.set_protocol(protocol)
    protocol.connection_made(wire)
    return protocol, wire


def part(body, *, more=False):
    return {"type": "http.response.body", "body": body, "more_body": more}


ANSWERS = {
    "/whole": (LENGTH, part(b"body")),
    "/pieces": (LENGTH, part(b"bo", more=True), part(b"dy")),
    "/stream": (NO_LENGTH, part(b"body")),
    "/nothing": ({"type": "http.response.start", "status": 304}, part(b"")),
    "/fails": (LENGTH,),
}


async def ended(protocol):
    """Wait until all requests of the connection are answered."""
    async with asyncio.timeout(SOON):
        while protocol.tasks:
            await asyncio.wait(set(protocol.tasks))
            await asyncio.sleep(0)


def test_a_head_leaves_with_the_beginning_of_its_body_unless_it_is_of_a_stream():
    async def run():
        seen = []

        async def app(scope, receive, send):
            wire.written.clear()
            seen.clear()
            for message in ANSWERS[scope["path"]]:
                await send(message)
                seen.append(list(wire.written))
            if scope["path"] == "/fails":
                raise ValueError

        protocol, wire = connection(app)

        async def ask(path, more=b"", method=b"GET"):
            protocol.data_received(
                method + b" " + path + b" HTTP/1.1\r\nHost: a\r\n" + more + b"\r\n"
            )
            await ended(protocol)
            return list(seen), wire.written

        _, written = await ask(b"/whole")
        assert len(written) == 1
        assert written[0].startswith(b"HTTP/1.1 200 OK\r\n")
        assert written[0].endswith(b"content-length: 4\r\n\r\nbody")
        (head, first, second), written = await ask(b"/pieces")
        assert [len(head), len(first), len(second)] == [0, 1, 2]
        assert first[0].endswith(b"\r\n\r\nbo")
        assert written[1] == b"dy"
        (begun, _), written = await ask(b"/stream")
        assert begun[0].endswith(b"transfer-encoding: chunked\r\n\r\n")
        assert written[1:] == [b"4\r\nbody\r\n0\r\n\r\n"]
        _, written = await ask(b"/whole", method=b"HEAD")
        assert b"".join(written).endswith(b"content-length: 4\r\n\r\n")
        _, written = await ask(b"/fails")
        assert b"".join(written).startswith(b"HTTP/1.1 500 ")
        assert wire.closed

        protocol, wire = connection(app)
        _, written = await ask(b"/whole", b"Connection: close\r\n")
        assert len(written) == 1
        assert b"connection: close\r\n" in written[0]
        assert written[0].endswith(b"body")
        assert wire.closed

    asyncio.run(run())


def test_whoever_sends_a_whole_answer_or_begins_one_waits_for_no_client():
    async def run():
        done = []

        async def app(scope, receive, send):
            for message in ANSWERS[scope["path"]]:
                await send(message)
                done.append(scope["path"])

        async def ask(path, parts):
            done.clear()
            protocol, wire = connection(app)
            # The line that asks for the body is not taken either.
            head = b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
            wire.stalled = True
            wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            protocol.data_received(head)
            for _ in range(5):
                await asyncio.sleep(0)
            assert done == [path.decode()] * parts
            wire.take()
            await ended(protocol)
            assert len(done) == len(ANSWERS[path.decode()])

        await ask(b"/whole", 2)
        await ask(b"/nothing", 2)
        await ask(b"/pieces", 2)
        await ask(b"/stream", 1)

    asyncio.run(run())


def test_the_next_request_begins_when_the_answer_before_it_was_taken():
    async def run():
        begun = []

        async def app(scope, receive, send):
            begun.append(scope["path"])
            for message in ANSWERS["/whole"]:
                await send(message)

        def request(number):
            return b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number

        protocol, wire = connection(app)
        wire.stalled = True
        protocol.data_received(request(1) + request(2))
        await ended(protocol)
        protocol.data_received(request(3))
        await asyncio.sleep(0)
        assert begun == ["/1"]
        wire.take()
        await ended(protocol)
        assert begun == ["/1", "/2", "/3"]
        protocol.data_received(request(4))
        await ended(protocol)
        assert begun[-1] == "/4"

    asyncio.run(run())


def test_who_does_not_take_an_answer_in_time_is_left_and_what_waits_is_bounded():
    async def run():
        async def app(scope, receive, send):
            for message in ANSWERS["/whole"]:
                await send(message)

        async def stalled(wire_protocol):
            protocol, wire = wire_protocol
            wire.stalled = True
            protocol.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await ended(protocol)
            return wire

        left = await stalled(connection(app, unread_seconds=0.02))
        taken = await stalled(connection(app, unread_seconds=0.02))
        taken.take()
        async with asyncio.timeout(SOON):
            while not left.aborted:
                await asyncio.sleep(0.01)
        assert not taken.aborted

        first, second = connection(app, most_unread=60), connection(app)
        second[0].unread = first[0].unread
        wires = [await stalled(first), await stalled(second)]
        assert [wire.aborted for wire in wires] == [True, False]

    asyncio.run(run())


def test_a_body_is_taken_once_whether_it_came_with_its_head_or_later():
    async def run():
        bodies, later = [], []

        async def app(scope, receive, send):
            if scope["path"] == "/received":
                first = await receive()
                bodies.append((first["body"], receive.__self__.take_body()))
            else:
                parts = []
                assert await receive_body(receive, 6, parts.append)
                bodies.append((b"".join(parts), receive.__self__.take_body()))
            await send(LENGTH)
            await send(part(b"body", more=True))
            later.append(asyncio.ensure_future(receive()))
            await asyncio.sleep(0)
            assert not later[-1].done()
            await send(part(b""))
            assert (await later[-1])["type"] == "http.disconnect"

        protocol, _ = connection(app)
        for pieces in (
            (HEAD + b"abcdef",),
            (HEAD.replace(b"/ ", b"/received ") + b"abcdef",),
            (HEAD + b"abc", b"def"),
            (HEAD, b"abcdef"),
            ((HEAD + b"abcdef") * 2,),
        ):
            bodies.clear()
            for piece in pieces:
                protocol.data_received(piece)
                await asyncio.sleep(0)
            await ended(protocol)
            assert bodies == [(b"abcdef", None)] * (1 + (len(pieces[0]) > 100))

    asyncio.run(run())


def test_who_leaves_is_told_to_what_is_being_answered_also_while_another_request_waits():
    async def run():
        told = []

        async def app(scope, receive, send):
            await receive()
            await send(NO_LENGTH)
            told.append((await receive())["type"])
            await send(part(b"body"))

        protocol, wire = connection(app)
        protocol.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 2)
        await asyncio.sleep(0)
        wire.written.clear()
        protocol.connection_lost(None)
        async with asyncio.timeout(SOON):
            await ended(protocol)
        assert (told, wire.written) == (["http.disconnect"], [])

    asyncio.run(run())
