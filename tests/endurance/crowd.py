"""10,000 idle connections and 50 slow posters beside a learner who steps on."""

from __future__ import annotations

import resource
import select
import socket
import statistics
import time
from contextlib import ExitStack, closing, suppress

import httpx
import psutil

from tests.endurance.walkers import Caller
from tests.endurance.world import World

IDLE, SLOW = 10_000, 50
_CALLS = 400


def crowd_for(world: World, seconds: float) -> list[dict[str, object]]:
    """Compare the median of a step call with and without the crowd, in turns until time is up."""
    wanted = IDLE + SLOW + 500
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    ratios, health, grown, held = [], [], [], IDLE
    until = time.monotonic() + seconds
    while time.monotonic() < until or not ratios:
        alone = _median(world)
        before = _memory(world)
        with ExitStack() as stack:
            crowd = _crowd(world, stack)
            asked = time.monotonic()
            assert httpx.get(f"{world.processes[0].origin}/healthz", timeout=30).status_code == 200
            health.append(time.monotonic() - asked)
            ratios.append(_median(world) / alone)
            grown.append((_memory(world) - before) / 1024**2)
            held = min(held, _count_open(crowd))
    return [
        {
            "scenario": f"crowd: {held} idle, {SLOW} slow",
            "rounds": len(ratios),
            "acknowledged": len(ratios) * _CALLS * 2,
            "step_ratio": round(statistics.median(ratios), 2),
            "health_worst": round(max(health), 2),
            "memory_mib": round(max(grown)),
        }
    ]


def _crowd(world: World, stack: ExitStack) -> list[socket.socket]:
    """Open connections to the first process; return the idle ones.

    The first half of these have asked once, so that they may stay; the others never say a word.
    """
    port, idle = world.processes[0].port, []
    asks = f"GET /healthz HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode()
    posts = (
        f"POST /admin/login HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 1000\r\n\r\nx"
    ).encode()
    for number in range(IDLE + SLOW):
        with suppress(OSError):
            opened = stack.enter_context(
                closing(socket.create_connection(("127.0.0.1", port), timeout=5))
            )
            if number >= IDLE:
                opened.sendall(posts)
                continue
            if number < IDLE // 2:
                opened.sendall(asks)
                opened.recv(4096)
            idle.append(opened)
    return idle


def _count_open(connections: list[socket.socket]) -> int:
    """Return how many of *connections* the server has not ended, nor answered unasked."""
    poll = select.poll()
    for each in connections:
        poll.register(each, select.POLLIN)
    return len(connections) - len(poll.poll(0))


def _median(world: World) -> float:
    """Return the median seconds of a step call on the first process."""
    caller = Caller(world, world.links["acme"][2])
    first, *_ = both = world.processes
    world.processes = [first]
    row, taken = world.walkthroughs["acme"], []
    try:
        view = caller.call("select_walkthrough", walkthrough_id=row, resume_if_exists=False)
        while len(taken) < _CALLS:
            if view["step"] is None:
                view = caller.call("select_walkthrough", walkthrough_id=row, resume_if_exists=False)
                continue
            began = time.perf_counter()
            view = caller.call("next_walkthrough_step", current_step_id=view["step"]["id"])
            taken.append(time.perf_counter() - began)
    finally:
        world.processes = both
    return statistics.median(taken)


def _memory(world: World) -> int:
    return int(psutil.Process(world.processes[0].process.pid).memory_info().rss)
