"""Clients that ask for much and read nothing, or little."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.waiting import PATIENCE, until

#: Small, so that the system takes little of an answer from the server: else it holds megabytes.
_BUFFER_BYTES, _SEGMENT_BYTES = 4096, 536


@contextmanager
def slow_reader(origin: str, host: str = "127.0.0.1") -> Iterator[socket.socket]:
    """Yield a connection to *origin*, from another address of this machine if one is given."""
    with socket.socket() as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT_BYTES)
        opened.bind((host, 0))
        opened.settimeout(PATIENCE)
        opened.connect(("127.0.0.1", int(origin.rsplit(":", 1)[1])))
        yield opened


@contextmanager
def who_do_not_read(origin: str, requests: list[bytes]) -> Iterator[list[socket.socket]]:
    """Send each of *requests* over a connection of its own; yield them once answers are on the way."""
    with ExitStack() as stack:
        readers = [stack.enter_context(slow_reader(origin)) for _ in requests]
        for reader, request in zip(readers, requests, strict=True):
            reader.sendall(request)
        until(lambda: all(map(has_something, readers)))
        yield readers


def has_something(reader: socket.socket) -> bool:
    """Return whether there is something to read, or the end."""
    reader.setblocking(False)
    try:
        reader.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True
    finally:
        reader.settimeout(PATIENCE)
    return True


def read_to_end(reader: socket.socket) -> bytes:
    """Return what can be read until the connection ends, in whichever way."""
    parts = []
    try:
        while part := reader.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)
