"""A load generator: as many connections as asked, each sending the next call when one is answered.

Plain sockets and prepared bytes, so that it takes little of the machine it shares
with the server. The same for every case.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

#: One request, or several that belong together: the answer of the last one is looked at.
Call = bytes | tuple[bytes, ...]
#: What a step call says that moves nobody.
_NOT_MOVED = b"othing moved"
_LEGACY = {"MCP-Protocol-Version": "2025-11-25"}
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Load:
    """What a run gave: calls, calls per second, the median and 99th percentile in milliseconds."""

    calls: int
    rate: float
    median_ms: float
    p99_ms: float


def request(url: str, tool: str, arguments: dict[str, str], bearer: str | None = None) -> bytes:
    """Return a tools/call of 2026-07-28 as it goes over the wire."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": tool, "arguments": arguments, "_meta": meta}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    head = {
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "tools/call",
        "Mcp-Name": tool,
        **({"Authorization": f"Bearer {bearer}"} if bearer else {}),
    }
    return _post(url, body, head)


def legacy_request(url: str, tool: str, arguments: dict[str, str]) -> bytes:
    """Return a tools/call as clients send it after the handshake of 2025-11-25."""
    params = {"name": tool, "arguments": arguments}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return _post(url, body, _LEGACY)


def handshake(url: str) -> tuple[bytes, bytes]:
    """Return what a client of 2025-11-25 sends before its first call."""
    info = {"name": "bench", "version": "1"}
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info}
    begin: dict[str, object] = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}
    done: dict[str, object] = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    return _post(url, begin, {}), _post(url, done, _LEGACY)


def drive(
    origin: str,
    calls: Sequence[Iterator[Call]],
    seconds: float,
    expect: bytes,
    refuse: bytes = _NOT_MOVED,
) -> Load:
    """Send each iterator's calls over a connection of its own for *seconds*.

    Every call must be answered by a 200 that contains *expect* and not *refuse*; another is an
    error, since a fast refusal would look like speed.
    """
    check = partial(_check, expect, refuse)
    return asyncio.run(_drive(urlsplit(origin).port or 80, calls, seconds, check))


def _post(url: str, body: dict[str, object], headers: dict[str, str]) -> bytes:
    parts, content = urlsplit(url), json.dumps(body).encode()
    lines = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        **headers,
        "Content-Length": str(len(content)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {parts.path} HTTP/1.1\r\n{head}\r\n".encode() + content


def _check(expect: bytes, refuse: bytes, answer: bytes) -> None:
    if expect not in answer or (refuse and refuse in answer):
        message = f"not the expected answer: {answer[:600]!r}"
        raise RuntimeError(message)


async def _drive(
    port: int, calls: Sequence[Iterator[Call]], seconds: float, check: Callable[[bytes], None]
) -> Load:
    deadline = time.perf_counter() + seconds
    started = time.perf_counter()
    times = await asyncio.gather(*(_connection(port, each, deadline, check) for each in calls))
    took = time.perf_counter() - started
    latencies = sorted(latency for each in times for latency in each)
    middle, tail = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)]
    return Load(len(latencies), len(latencies) / took, middle * 1000, tail * 1000)


async def _connection(
    port: int, calls: Iterator[Call], deadline: float, check: Callable[[bytes], None]
) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    latencies = []
    try:
        for call in calls:
            began = time.perf_counter()
            if began > deadline:
                break
            for part in (call,) if isinstance(call, bytes) else call:
                writer.write(part)
                answer = await read_answer(reader)
            latencies.append(time.perf_counter() - began)
            check(answer)
    finally:
        writer.close()
    return latencies


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    """Return the body of an answer that is a 200, or a 202."""
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 202 ")):
        raise RuntimeError(head.decode())
    found = _LENGTH.search(head)
    return await reader.readexactly(int(found[1]) if found else 0)
