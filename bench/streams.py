"""Measure streams: their memory, a step call beside them, a notice to all, and their end.

`python -m bench.streams`. Processes are started as operators do. The step call is measured in
pairs: one process with streams and one without take turns, and what counts is the time of
processors that a call takes, which others on the machine change little.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy import text

from bench.client import request
from bench.processes import free_port, wait_for
from bench.seed import seeded, step_of, token_of
from bench.stream_clients import (
    Stream,
    close_streams,
    get_request,
    listen_request,
    open_streams,
    walk,
)
from walkthroughs.database.pool import Database
from walkthroughs.serving.connections import raise_file_limit

STREAMS = int(os.environ.get("BENCH_STREAMS", "2000"))
ENDED, PAIRS, LEARNERS, STEPS = 200, int(os.environ.get("BENCH_PAIRS", "9")), 40, 6
_STARTS_SECONDS, _IDLE_SECONDS = 600, 15
_ROOT = Path(__file__).parents[1]
#: In every answer to a step call that was taken.
_TAKEN = b'"notice":'
_REQUESTS = {"subscriptions/listen": listen_request, "GET": get_request}


def main() -> None:
    """Print all figures."""
    raise_file_limit()
    with tempfile.TemporaryDirectory() as folder, seeded() as (url, database, _):
        with database.begin() as connection:
            connection.execute(text("UPDATE mcp_servers SET pace_seconds = 0"))
        with _served(folder, url) as process:
            asyncio.run(_measure_end(process))
        for number, kind in enumerate(_REQUESTS):
            with _served(folder, url) as with_streams, _served(folder, url) as without:
                asyncio.run(_measure(kind, number, database, with_streams, without))


class _Process:
    def __init__(self, folder: str, url: str) -> None:
        self.port = free_port()
        self.origin = f"http://localhost:{self.port}"
        variables = {
            "FLASK_APP": str(_ROOT / "app.py"),
            "HANDRAIL_BASE_URL": self.origin,
            "DATABASE_URL": url,
            "HANDRAIL_DATA_DIR": f"{folder}/var",
            "HANDRAIL_SECRET_KEY": "a-secret-for-the-bench-only",
        }
        self._running = subprocess.Popen(
            [sys.executable, "-m", "flask", "serve", "--port", str(self.port)],
            env=os.environ | variables,
            cwd=folder,
            stderr=subprocess.DEVNULL,
        )
        self.facts = psutil.Process(self._running.pid)
        #: Seconds of processors that it takes in a second in which nobody calls.
        self.idle = 0.0

    def kilobytes(self) -> float:
        return float(self.facts.memory_full_info().uss) / 1024

    def cpu(self) -> float:
        times = self.facts.cpu_times()
        return float(times.user + times.system)

    async def note_idle(self) -> None:
        began, cpu = time.monotonic(), self.cpu()
        await asyncio.sleep(_IDLE_SECONDS)
        self.idle = (self.cpu() - cpu) / (time.monotonic() - began)

    def stop(self) -> None:
        self._running.send_signal(signal.SIGTERM)

    def wait(self) -> None:
        self._running.wait(30)


@contextmanager
def _served(folder: str, url: str) -> Iterator[_Process]:
    process = _Process(folder, url)
    try:
        yield process
    finally:
        process.stop()
        process.wait()


def _requests(kind: str, process: _Process, count: int) -> Iterator[bytes]:
    for learner in range(count):
        address = f"/s/bench/mcp/u/{token_of(10, learner)}"
        yield _REQUESTS[kind](address, f"localhost:{process.port}")


async def _measure(
    kind: str, number: int, database: Database, process: _Process, reference: _Process
) -> None:
    wait_for(process.port, _STARTS_SECONDS)
    wait_for(reference.port, _STARTS_SECONDS)
    for share, each in enumerate((process, reference)):  # what the first ones need stays in memory
        await close_streams(await open_streams(each.port, _requests(kind, each, 100)))
        await _steps(each, number, 0, share)
    before = process.kilobytes()
    streams = await open_streams(process.port, _requests(kind, process, STREAMS))
    each_kb = (process.kilobytes() - before) / STREAMS
    _say(f"{kind}: {STREAMS} idle streams, {each_kb:.1f} kB each")
    for each in (process, reference):
        await each.note_idle()
    _say(f"{kind}: {process.idle:.4f} CPU while nobody calls, {reference.idle:.4f} without streams")
    ratios, figures = [], []
    for pair in range(1, PAIRS + 1):
        mine, other = await _pair(process, reference, number, pair)
        ratios.append(mine / other)
        figures.append(f"{mine * 1000:.2f}/{other * 1000:.2f}")
    _say(
        f"{kind}: a step call beside them {statistics.median(ratios):.3f} times "
        f"({min(ratios):.2f}-{max(ratios):.2f}; ms of CPU: {', '.join(figures)})"
    )
    await _tell(kind, number, database, process, streams)
    await close_streams(streams)


async def _pair(
    process: _Process, reference: _Process, number: int, pair: int
) -> tuple[float, float]:
    """Return what a step takes in each of two processes, which begin in turn."""
    if pair % 2:
        mine = await _steps(process, number, pair, 0)
        return mine, await _steps(reference, number, pair, 1)
    other = await _steps(reference, number, pair, 0)
    return await _steps(process, number, pair, 1), other


async def _steps(process: _Process, number: int, pair: int, share: int) -> float:
    """Take steps over four connections; return the processor's seconds for each answer.

    What the process takes without calls does not count: the busier the machine, the longer it is.
    """
    began, cpu = time.monotonic(), process.cpu()
    first = (2 * pair + share) * LEARNERS
    calls = [_walk(process, number, range(first + at, first + LEARNERS, 4)) for at in range(4)]
    took = await asyncio.gather(*(walk(process.port, each, _TAKEN) for each in calls))
    idle = process.idle * (time.monotonic() - began)
    return (process.cpu() - cpu - idle) / sum(map(len, took))


def _walk(process: _Process, number: int, learners: range) -> Iterator[bytes]:
    size, standing = ((10, 0), (200, 100))[number]
    for learner in learners:
        for position in range(standing, standing + STEPS):
            address = f"http://localhost:{process.port}/s/bench/mcp/u/{token_of(size, learner)}"
            step = step_of(size, position)
            yield request(address, "next_walkthrough_step", {"current_step_id": step})


async def _tell(
    kind: str, number: int, database: Database, process: _Process, streams: list[Stream]
) -> None:
    """Announce a change to all, while one learner goes on."""
    began, cpu = time.monotonic(), process.cpu()
    with database.begin() as connection:
        connection.execute(text("SELECT pg_notify('content', 'o/srv:lists')"))
    first = (2 * PAIRS + 2) * LEARNERS
    calls = _walk(process, number, range(first, first + 30))
    took = sorted(await walk(process.port, calls, _TAKEN))
    # Where the machine was too busy for the database to answer, nothing was agreed.
    streams = [stream for stream in streams if stream.heard or stream.ended is None]
    while not all(stream.heard for stream in streams):
        if time.monotonic() - began > 60:
            raise TimeoutError([bool(stream.heard) for stream in streams].count(False))
        await asyncio.sleep(0.05)
    heard = [stream.heard[0] - began for stream in streams]
    _say(
        f"{kind}: all {len(streams)} told between {min(heard):.2f} and {max(heard):.2f} s, "
        f"{(process.cpu() - cpu):.2f} s of CPU with {len(took)} step calls beside: median "
        f"{statistics.median(took) * 1000:.0f} ms, longest {took[-1] * 1000:.0f} ms"
    )


async def _measure_end(process: _Process) -> None:
    wait_for(process.port, _STARTS_SECONDS)
    streams = []
    for kind in _REQUESTS:
        streams += await open_streams(process.port, _requests(kind, process, ENDED // 2))
    began = time.monotonic()
    process.stop()
    await asyncio.gather(*(stream.task for stream in streams))
    whole = [stream.ended - began for stream in streams if stream.ended]
    _say(
        f"SIGTERM: {len(whole)} of {len(streams)} ended with their last frame, "
        f"the last after {max(whole):.2f} s"
    )


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
