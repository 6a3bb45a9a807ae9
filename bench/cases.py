"""The cases of the step call's table: each gives a rate, and the CPU that a request took."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial

from bench import calls, floors, without_events
from bench.client import Load
from bench.processes import cpu_seconds, free_port, process, wait_for
from bench.seed import SIZES, Range
from walkthroughs.database.pool import Database
from walkthroughs.learning.fast_path import ADVANCE

#: A server with so many workers is measured; four only that they refuse no call.
_WORKERS = {1: Range.WORKERS_1, 2: Range.WORKERS_2, 4: Range.WORKERS_4}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a case gave: requests a second, and microseconds of CPU for each.

    Attributes:
        server_us: of the server's processes; of the client's, where there is no server.
        postgres_us: of all processes of PostgreSQL.
    """

    rate: float
    server_us: float
    postgres_us: float


@dataclass
class Bench:
    """What the cases run on.

    Attributes:
        url: of the database.
        postgres: the number of PostgreSQL's first process.
        servers: the port and the number of the process of each server, by its module.
        seconds: how long a case takes.
    """

    url: str
    database: Database
    postgres: int
    servers: dict[str, tuple[int, int]] = field(default_factory=dict)
    seconds: float = 0.0


#: Returns none if it cannot be measured; a line on standard error says why.
Case = Callable[[Bench], Cost | None]


def cases() -> dict[str, Case]:
    """Return all cases by name, in the order in which a round takes them."""
    found: dict[str, Case] = {}
    for size in SIZES:
        found[f"pgbench 1 ({size})"] = partial(_pgbench, size, is_whole=True)
        found[f"pgbench 1 ({size}), no event"] = partial(_pgbench, size, is_whole=False)
        found[f"database 1 ({size})"] = partial(_client, size)
    for clients, moved, signed_in, legacy in (
        (1, Range.STEP_1, Range.BEARER_1, Range.LEGACY_1),
        (32, Range.STEP_32, Range.BEARER_32, Range.LEGACY_32),
    ):
        found[f"bare {clients}"] = _on("bare", calls.bare, clients)
        for size in SIZES:
            found[f"step {clients} ({size})"] = _on("ours", calls.steps, clients, size, moved)
        found[f"bearer {clients} (10)"] = _on(
            "ours", calls.steps, clients, 10, signed_in, era="bearer"
        )
        found[f"legacy {clients} (10)"] = _on(
            "ours", calls.steps, clients, 10, legacy, era="legacy"
        )
    found["handshake and step 32 (10)"] = _on(
        "ours", calls.steps, 32, 10, Range.HANDSHAKE, era="handshake"
    )
    for size in SIZES:
        case = _on("without_events", calls.steps, 1, size, Range.STEP_1_NO_EVENT)
        found[f"step 1 ({size}), no event"] = case
        for name in ("select", "status", "repeated"):
            found[f"{name} 32 ({size})"] = _on("ours", calls.looks, 32, size, name)
    found["list 32"] = _on("ours", calls.looks, 32, 10, "list")
    for number in _WORKERS:
        found[f"workers {number}"] = partial(_workers, number)
    return found


def _on(module: str, call: Callable[..., Load], *arguments: object, **more: object) -> Case:
    """Return the case that sends calls to the server of a module."""

    def case(bench: Bench) -> Cost:
        port, number = bench.servers[module]
        work = partial(call, port, *arguments, seconds=bench.seconds, **more)
        return _measured(bench, number, lambda: _counted(work()))

    return case


def _measured(bench: Bench, server: int, work: Callable[[], tuple[int, float]]) -> Cost:
    """Return what *work* costs; it returns how many requests it made, and its rate."""
    before = cpu_seconds(server), cpu_seconds(bench.postgres)
    count, rate = work()
    after = cpu_seconds(server), cpu_seconds(bench.postgres)
    ours, theirs = ((end - begin) * 1e6 / count for begin, end in zip(before, after, strict=True))
    return Cost(rate, ours, theirs)


def _counted(load: Load) -> tuple[int, float]:
    return load.calls, load.rate


def _pgbench(size: int, bench: Bench, *, is_whole: bool) -> Cost:
    statement, which = (
        (ADVANCE, Range.PGBENCH) if is_whole else (without_events.ADVANCE, Range.PGBENCH_NO_EVENT)
    )
    work = partial(floors.pgbench_rate, bench.url, size, statement, which, bench.seconds)
    return _measured(bench, os.getpid(), work)


def _client(size: int, bench: Bench) -> Cost:
    work = partial(floors.client_rate, bench.database, size, bench.seconds)
    return _measured(bench, os.getpid(), work)


def _workers(number: int, bench: Bench) -> Cost | None:
    """Measure the product's own command, with so many processes that serve."""
    if not _has_workers():
        sys.stderr.write(f'not measured: "workers {number}": flask serve has no --workers\n')
        return None
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "FLASK_APP": "app.py",
            "DATABASE_URL": bench.url,
            "HANDRAIL_DATA_DIR": folder,
            "HANDRAIL_BASE_URL": f"http://localhost:{port}",
            "HANDRAIL_SECRET_KEY": "a-secret-for-the-bench-only",
        }
        words = ("serve", "--port", str(port), "--workers", str(number))
        with process("flask", *words, environment=environment) as server:
            wait_for(port)
            calls.looks(port, 32, 10, "list", 1.0)  # warms each of them up
            which = _WORKERS[number]
            work = partial(calls.steps, port, 32, 10, which, bench.seconds)
            return _measured(bench, server, lambda: _counted(work()))


@cache
def _has_workers() -> bool:
    words = [sys.executable, "-m", "flask", "serve", "--help"]
    shown = subprocess.run(
        words, env=os.environ | {"FLASK_APP": "app.py"}, capture_output=True, text=True, check=True
    )
    return "--workers" in shown.stdout
