"""Many open streams of one process: plain sockets, so that they take little of the machine."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from bench.client import read_answer

_VERSION = "2026-07-28"


def listen_request(address: str, host: str) -> bytes:
    """Return `subscriptions/listen` of 2026-07-28 as it goes over the wire."""
    lists = {"promptsListChanged": True, "resourcesListChanged": True, "toolsListChanged": True}
    meta = {
        "io.modelcontextprotocol/protocolVersion": _VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"notifications": lists, "_meta": meta}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": params}
    body = json.dumps(asked)
    return (
        f"POST {address} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {_VERSION}\r\n"
        f"Mcp-Method: subscriptions/listen\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def get_request(address: str, host: str) -> bytes:
    """Return the GET of 2025-11-25 that opens a stream."""
    return (
        f"GET {address} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n"
        "MCP-Protocol-Version: 2025-11-25\r\n\r\n"
    ).encode()


@dataclass(eq=False)
class Stream:
    """One stream: when it was told that a list has changed, and how it ended."""

    writer: asyncio.StreamWriter
    task: asyncio.Task[None]
    heard: list[float] = field(default_factory=list)
    #: When the last frame came; none if it was cut off, or goes on.
    ended: float | None = None


async def open_streams(port: int, requests: Iterator[bytes], at_once: int = 50) -> list[Stream]:
    """Open a stream for each request, so many at a time; return them when all stand."""
    gate = asyncio.Semaphore(at_once)

    async def one(request: bytes) -> Stream:
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                raise RuntimeError(head.decode())
            await reader.readuntil(b"\n\n" if request.startswith(b"GET") else b"\r\n\r\n")
            stream = Stream(writer, asyncio.current_task())  # type: ignore[arg-type]
            stream.task = asyncio.ensure_future(_read(reader, stream))
            return stream

    return list(await asyncio.gather(*map(one, requests)))


async def close_streams(streams: list[Stream]) -> None:
    """Leave all of them."""
    for stream in streams:
        stream.writer.close()
    await asyncio.gather(*(stream.task for stream in streams))


async def walk(port: int, calls: Iterator[bytes], expect: bytes) -> list[float]:
    """Send the calls one after the other; return how long each answer took.

    A call that the server could not take, since the machine is busy, is sent again.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    took = []
    for call in calls:
        answer = b""
        while expect not in answer:
            began = time.monotonic()
            writer.write(call)
            answer = await read_answer(reader)
            took.append(time.monotonic() - began)
            if expect not in answer and b"the same call again" not in answer:
                raise RuntimeError(answer[:600])
    writer.close()
    return took


async def _read(reader: asyncio.StreamReader, stream: Stream) -> None:
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while data := await reader.read(65536):
            if b"list_changed" in data:
                stream.heard.append(time.monotonic())
            if data.endswith(b"0\r\n\r\n"):  # the end of a body in chunks
                stream.ended = time.monotonic()
