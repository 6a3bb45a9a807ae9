"""A load generator: as many connections as asked, each sending the next call when one is answered.

Plain sockets and prepared bytes, so that it takes little of the machine it shares
with the server. The same for every case.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Load:
    """What a run gave: calls per second, and the median and 99th percentile in milliseconds."""

    rate: float
    median_ms: float
    p99_ms: float


def request(url: str, tool: str, arguments: dict[str, str], bearer: str | None = None) -> bytes:
    """Return a tools/call of 2026-07-28 as it goes over the wire."""
    parts = urlsplit(url)
    body = json.dumps(
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {
                "name": tool,
                "arguments": arguments,
                "_meta": {
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                },
            },
        }
    ).encode()
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
        "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\n"
        f"Mcp-Name: {tool}\r\nContent-Length: {len(body)}\r\n"
    )
    head += f"Authorization: Bearer {bearer}\r\n\r\n" if bearer else "\r\n"
    return head.encode() + body


def drive(origin: str, calls: list[Iterator[bytes]], seconds: float, expect: bytes) -> Load:
    """Send each iterator's calls over a connection of its own for *seconds*.

    Every answer must be a 200 that contains *expect*; another is an error, since
    a fast refusal would look like speed.
    """
    return asyncio.run(_drive(urlsplit(origin).port or 80, calls, seconds, expect))


async def _drive(port: int, calls: list[Iterator[bytes]], seconds: float, expect: bytes) -> Load:
    deadline = time.perf_counter() + seconds
    started = time.perf_counter()
    times = await asyncio.gather(*(_connection(port, each, deadline, expect) for each in calls))
    took = time.perf_counter() - started
    latencies = sorted(latency for each in times for latency in each)
    middle, tail = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)]
    return Load(len(latencies) / took, middle * 1000, tail * 1000)


async def _connection(
    port: int, calls: Iterator[bytes], deadline: float, expect: bytes
) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    latencies = []
    try:
        for call in calls:
            began = time.perf_counter()
            if began > deadline:
                break
            writer.write(call)
            answer = await read_answer(reader)
            latencies.append(time.perf_counter() - began)
            if expect not in answer:
                message = f"not the expected answer: {answer[:600]!r}"
                raise RuntimeError(message)
    finally:
        writer.close()
    return latencies


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    """Return the body of an answer that is a 200."""
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(head.decode())
    length = next(
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    )
    return await reader.readexactly(length)
