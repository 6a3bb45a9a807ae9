"""Fill events and progress, and measure each statement of the pages of numbers, then the pages.

    python -m bench.analytics [progress rows: 1000000]

There are about ten events for each row of progress. Each statement is the one that the functions of
`walkthroughs.events.analytics` send, at 90 days, explained and run.
"""

from __future__ import annotations

import importlib
import inspect
import os
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Connection, event, text

from bench.analytics_seed import fill
from bench.dashboard import empty_application, signed_in_owner
from walkthroughs.database.pool import Database

PROGRESS = 1_000_000
DAYS, ROUNDS = 90, 5
_MODULES = ("walkthroughs.events.analytics", "walkthroughs.events.step_numbers")
_READS = ("read_", "count_", "has_")
_GOAL_MS, _PAGE_GOAL_MS = 150, 300
#: A month with fewer is read sooner than its index.
_FEW_EVENTS = 20_000
_IS_LARGE = text(
    "SELECT EXISTS (SELECT FROM pg_class WHERE relname = ANY(:tables) AND reltuples > :few)"
)


@dataclass(frozen=True)
class Cost:
    """What a statement takes: milliseconds, those of the server's CPU, and of what it is made."""

    what: str
    elapsed_ms: float
    cpu_ms: float
    reads_all_events: bool


def main() -> None:
    """Fill a database of its own, measure, and print a table."""
    progress = int(sys.argv[1]) if len(sys.argv) > 1 else PROGRESS
    with empty_application() as app:
        database = app.extensions["handrail"].database
        began = time.perf_counter()
        events = fill(database, progress)
        seconds = time.perf_counter() - began
        print(f"{progress} rows of progress, {events} events in {seconds:.0f} s\n")
        print("| statement | ms | CPU ms | reads all events |\n|---|---|---|---|")
        for cost in measure(database):
            late = " (too long)" if cost.cpu_ms > _GOAL_MS else ""
            all_events = "YES" if cost.reads_all_events else ""
            print(
                f"| {cost.what} | {cost.elapsed_ms:.1f} | {cost.cpu_ms:.0f}{late} | {all_events} |"
            )
        print("\n| page | median ms |\n|---|---|")
        for path, median in measure_pages(signed_in_owner(app)):
            print(f"| {path} | {median:.0f}{' (too long)' if median > _PAGE_GOAL_MS else ''} |")


def measure_pages(client: FlaskClient) -> Iterator[tuple[str, float]]:
    """Yield the address of each page, and the median of its milliseconds."""
    home = "/o/bench/admin/analytics/"
    for page in (home, f"{home}walkthroughs/wt7/"):
        for days in (30, DAYS, 365):
            elapsed = []
            for _ in range(ROUNDS):
                at = time.perf_counter()
                assert client.get(f"{page}?days={days}").status_code == 200
                elapsed.append(1000 * (time.perf_counter() - at))
            yield f"{page}?days={days}", statistics.median(elapsed)


def measure(database: Database) -> Iterator[Cost]:
    """Yield the cost of each statement of each function that reads, for all and for one."""
    for module in _found():
        for name, read in inspect.getmembers(module, inspect.isfunction):
            if read.__module__ != module.__name__ or not name.startswith(_READS):
                continue
            if "session" not in inspect.signature(read).parameters:
                continue
            for walkthrough_id in ("", "wt7"):
                sent = _sent(database, read, walkthrough_id)
                for number, (sql, values) in enumerate(sent, 1):
                    of = " of one walkthrough" if walkthrough_id else ""
                    what = f"{name}{of}" + (f", {number}" if len(sent) > 1 else "")
                    yield _cost(database, what, sql, values)


def _found() -> list[ModuleType]:
    return [importlib.import_module(name) for name in _MODULES]


def _sent(
    database: Database, read: Callable[..., object], walkthrough_id: str
) -> list[tuple[str, Any]]:
    """Return the statements, with their values, that a function sends."""
    sent: list[tuple[str, Any]] = []
    today = datetime.now(UTC).date()
    scope_of = importlib.import_module(_MODULES[0]).Scope
    known = {
        "scope": scope_of("o", today - timedelta(days=DAYS - 1), today, walkthrough_id),
        "organization_id": "o",
        "walkthrough_id": walkthrough_id,
        "now_ms": int(time.time() * 1000),
        "ids": [f"wt{number}" for number in range(1, 101)],
    }
    with database.transaction() as session, _listening(database, sent):
        names = inspect.signature(read).parameters
        read(session, **{name: known[name] for name in names if name in known})
    return sent


@contextmanager
def _listening(database: Database, sent: list[tuple[str, Any]]) -> Iterator[None]:
    def keep(
        _: Connection, cursor: object, sql: str, values: object, run: object, many: bool
    ) -> None:
        sent.append((sql, values))

    event.listen(database.engine, "before_cursor_execute", keep)
    try:
        yield
    finally:
        event.remove(database.engine, "before_cursor_execute", keep)


def _cost(database: Database, what: str, sql: str, values: Any) -> Cost:  # noqa: ANN401  the driver's
    with database.begin() as connection:
        backend = int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        explain = f"EXPLAIN (ANALYZE, BUFFERS) {sql}"
        plan = connection.exec_driver_sql(explain, values).scalars().all()
        elapsed, began = [], _cpu_seconds(backend)
        for _ in range(ROUNDS):
            at = time.perf_counter()
            connection.exec_driver_sql(sql, values).all()
            elapsed.append(1000 * (time.perf_counter() - at))
        cpu = 1000 * (_cpu_seconds(backend) - began) / ROUNDS
        scanned = re.findall(r"Seq Scan on (tool_events_y\w+)", "\n".join(plan))
        reads_all = bool(
            connection.execute(_IS_LARGE, {"tables": scanned, "few": _FEW_EVENTS}).scalar_one()
        )
    return Cost(what, statistics.median(elapsed), cpu, reads_all)


def _cpu_seconds(process: int) -> float:
    """Return what a process of this machine has worked, to a hundredth of a second."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
