"""Measure what a step costs on a database of many learners, and what follows for more of them.

    python -m bench.capacity [--in FOLDER] [ROWS]

FOLDER may have a database that `bench.growth` has filled. The constants of docs/scale.md are these.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import text

from bench.client import drive, request
from bench.growth import Meter, application, folder_of
from bench.growth_seed import EACH, ordinary_step, token_of
from bench.processes import free_port, wait_for
from walkthroughs.crypto import hash_token
from walkthroughs.database.pool import Database
from walkthroughs.events import mover
from walkthroughs.ids import now_ms
from walkthroughs.learning.fast_path import ADVANCE

ROWS = 1_000_000
#: Steps of each measurement: each is another learner's, so that each changes another page.
STEPS = 2_000
#: What the model is asked for.
LEARNERS, STEPS_AN_HOUR = 10_000_000, 1_000_000
_TABLES = {
    "walkthrough_progress": "a place of a learner in a walkthrough",
    "mcp_server_user": "a learner",
    "personal_links": "a personal link",
    "tool_events": "an event",
}


@dataclass(frozen=True, slots=True)
class Work:
    """What a step costs: milliseconds of CPU, and bytes of the log that is written ahead."""

    cpu_ms: float
    wal_bytes: float


def main() -> None:
    """Measure, and print the constants and the model."""
    parser = argparse.ArgumentParser(prog="python -m bench.capacity")
    parser.add_argument("rows", nargs="?", type=int, default=ROWS)
    parser.add_argument("--in", dest="folder", type=Path)
    given = parser.parse_args()
    with folder_of(given.folder, given.rows) as folder, application(folder, given.rows) as app:
        database: Database = app.extensions["handrail"].database
        _print(_constants(database, given.rows // EACH))


def _constants(database: Database, learners: int) -> dict[str, float]:
    meter = Meter(database)
    _run(database, "DELETE FROM tool_events_incoming")
    chosen = [1 + number * (learners // (4 * STEPS)) for number in range(4 * STEPS)]
    groups = [chosen[at : at + STEPS] for at in range(0, len(chosen), STEPS)]
    _steps(database, meter, groups[0], learners)  # what was read once is in memory
    _run(database, "CHECKPOINT")
    first = _steps(database, meter, groups[1], learners)
    again = _steps(database, meter, groups[1], learners, later=1)
    moved = _moves(database, meter)
    with _server(database) as (port, process):
        calls = [
            request(
                f"http://localhost:{port}/s/bench1/mcp/u/{token_of(learner)}",
                "next_walkthrough_step",
                {"current_step_id": ordinary_step(learner, learners)},
            )
            for learner in groups[2] + groups[3]
        ]
        origin = f"http://127.0.0.1:{port}"
        drive(origin, [iter(calls[:STEPS])], 600, b'"notice":null')
        before = process.cpu_times()
        drive(origin, [iter(calls[STEPS:])], 600, b'"notice":null')
        after = process.cpu_times()
    meter.close()
    server = 1000 * (after.user + after.system - before.user - before.system) / STEPS
    return {
        "CPU of a step in the server, ms": server,
        "CPU of a step in PostgreSQL, ms": again.cpu_ms,
        "CPU of an event that is moved, ms": moved.cpu_ms,
        "log of a step, bytes": again.wal_bytes,
        "log of a step on a page that is new since the checkpoint, bytes": first.wal_bytes,
        "log of an event that is moved, bytes": moved.wal_bytes,
        **{f"{what}, bytes": _bytes_of(database, table) for table, what in _TABLES.items()},
    }


def _print(found: dict[str, float]) -> None:
    sys.stdout.write("| constant | measured |\n|---|---|\n")
    for name, value in found.items():
        sys.stdout.write(
            f"| {name} | {value:.2f} |\n" if value < 10 else f"| {name} | {value:.0f} |\n"
        )
    second = STEPS_AN_HOUR / 3600
    server, postgres, moving, log, fresh, moved_log, place, learner, link, event = found.values()
    sys.stdout.write(
        f"\n{STEPS_AN_HOUR:,} steps an hour: {second * server / 1000:.2f} cores of servers, "
        f"{second * (postgres + moving) / 1000:.2f} of PostgreSQL, "
        f"{STEPS_AN_HOUR * (log + moved_log) / 1e9:.1f} to "
        f"{STEPS_AN_HOUR * (fresh + moved_log) / 1e9:.1f} GB of log an hour.\n"
        f"{LEARNERS:,} learners of {EACH} walkthroughs: "
        f"{LEARNERS * (learner + link + EACH * place) / 1e9:.0f} GB, and "
        f"{STEPS_AN_HOUR * event / 1e9:.2f} GB of events an hour.\n"
    )


def _steps(
    database: Database, meter: Meter, learners: list[int], count: int, later: int = 0
) -> Work:
    """Let each of the learners take an ordinary step, *later* ones after the first."""
    connection = database.open_connection()
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET plan_cache_mode = force_generic_plan")
        cursor.execute(ADVANCE.prepare)
        run = f"EXECUTE {ADVANCE.name} ({', '.join(['%s'] * len(ADVANCE.types))})"
        log, cpu = _log_bytes(database), meter.cpu_ms()
        for learner in learners:
            walkthrough, _, done = ordinary_step(learner, count).rpartition("_")
            values = (
                "o", f"msu{learner}", "srv1", f"{walkthrough}_{int(done) + later}", now_ms(), 0,
                hash_token(token_of(learner)), None,
            )  # fmt: skip
            cursor.execute(run, values)
            cursor.fetchone()
        work = meter.cpu_ms() - cpu, _log_bytes(database) - log
    connection.close()
    return Work(work[0] / len(learners), work[1] / len(learners))


def _moves(database: Database, meter: Meter) -> Work:
    """Move all events that wait."""
    log, cpu, moved = _log_bytes(database), meter.cpu_ms(), 0
    while some := mover.move(database):
        moved += some
    return Work((meter.cpu_ms() - cpu) / moved, (_log_bytes(database) - log) / moved)


@contextmanager
def _server(database: Database) -> Iterator[tuple[int, psutil.Process]]:
    port = free_port()
    url = database.open_connection.dsn()
    running = subprocess.Popen([sys.executable, "-m", "bench.ours", str(port), url])
    try:
        wait_for(port)
        yield port, psutil.Process(running.pid)
    finally:
        running.terminate()
        running.wait(20)


def _bytes_of(database: Database, table: str) -> float:
    """Return what a row takes, with its share of the indexes."""
    with database.begin() as connection:
        query = text(
            "SELECT coalesce(sum(pg_total_relation_size(relid)), pg_total_relation_size(:name))"
            " FROM pg_partition_tree(CAST(:name AS regclass))"
        )
        size = connection.execute(query, {"name": table}).scalar_one()
        rows = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608  a constant
    return float(size / max(1, rows))


def _log_bytes(database: Database) -> float:
    with database.autocommit() as connection:
        query = text("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return float(connection.execute(query).scalar_one())


def _run(database: Database, statement: str) -> None:
    with database.autocommit() as connection:
        connection.execute(text(statement))


if __name__ == "__main__":
    main()
