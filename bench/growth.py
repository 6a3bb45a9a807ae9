"""Measure each tool call and each page of the dashboard on databases of more and more learners.

    python -m bench.growth [--in FOLDER] [ROWS ...]

ROWS are progress rows: by default 100000 and 1000000; 10000000 takes half an hour and 20 GB more.
With a folder the databases are kept in it, and measured again at once the next time. The work of
the database's processes is shown: their CPU, and the pages of 8 kB that they looked at.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg2.extensions import connection as Connection
from sqlalchemy import event, text

from app import Handrail, add_pages, create_app
from bench.dashboard import signed_in_owner
from bench.growth_cases import Case, page_cases, tool_cases
from bench.growth_seed import fill
from walkthroughs.database import embedded, migrations
from walkthroughs.database.pool import Database
from walkthroughs.publishing.count_learners import count_learners
from walkthroughs.settings import read_settings

_SIZES = (100_000, 1_000_000)
#: Work is repeated until it has taken so long, but so many times at least, if it is quick.
_SECONDS, _ROUNDS = 0.3, 3
_MOST = 1.5
_SETTINGS = ("autovacuum = off", "max_parallel_workers_per_gather = 0", "max_wal_size = '4GB'")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a case costs the database: milliseconds of CPU, and pages looked at."""

    cpu_ms: float
    pages: float


def main(words: Sequence[str] | None = None) -> None:
    """Fill, measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth")
    parser.add_argument("rows", nargs="*", type=int)
    parser.add_argument("--in", dest="folder", type=Path)
    parser.add_argument("--only", default="", help="cases whose names have this pattern")
    given = parser.parse_args(words)
    sizes = given.rows or _SIZES
    costs = []
    for rows in sizes:
        with folder_of(given.folder, rows) as folder, application(folder, rows) as app:
            costs.append(_measured(app, given.only))
    _print(sizes, costs)


def _print(sizes: Sequence[int], costs: list[dict[str, Cost]]) -> None:
    heads = [f"{rows:,}: ms, pages" for rows in sizes]
    sys.stdout.write(f"| what | {' | '.join(heads)} | ratio |\n|{'---|' * (len(sizes) + 2)}\n")
    for name, first in costs[0].items():
        cells = [f"{each[name].cpu_ms:.2f}, {each[name].pages:.0f}" for each in costs]
        ratio = costs[-1][name].cpu_ms / first.cpu_ms
        late = " (grows)" if ratio > _MOST else ""
        sys.stdout.write(f"| {name} | {' | '.join(cells)} | {ratio:.2f}{late} |\n")


@contextmanager
def folder_of(kept: Path | None, rows: int) -> Iterator[Path]:
    """Yield a folder for a database of so many rows: in *kept*, or for as long as the block."""
    if kept is None:
        with tempfile.TemporaryDirectory() as made:
            yield Path(made)
    else:
        folder = kept / str(rows)
        folder.mkdir(parents=True, exist_ok=True)
        yield folder


@contextmanager
def application(folder: Path, rows: int) -> Iterator[Handrail]:
    """Yield the application on a database with so many rows of progress."""
    url = embedded.start(folder / "postgres")
    app = add_pages(
        create_app(read_settings({"DATABASE_URL": url, "HANDRAIL_DATA_DIR": str(folder)}))
    )
    assert isinstance(app, Handrail)
    database: Database = app.extensions["handrail"].database
    filled = folder / "filled"
    try:
        _configure(database)
        migrations.upgrade(database)
        if not filled.exists():
            began = time.monotonic()
            fill(database, rows)
            filled.touch()
            sys.stderr.write(f"{rows:,} rows: {time.monotonic() - began:.0f} s\n")
        yield app
    finally:
        database.close()
        embedded.stop(folder / "postgres")


def _configure(database: Database) -> None:
    """Let nothing else work meanwhile, and all work of a statement be done by one process."""
    with database.autocommit() as connection:
        for setting in _SETTINGS:
            connection.execute(text(f"ALTER SYSTEM SET {setting}"))
        connection.execute(text("SELECT pg_reload_conf()"))


def _measured(app: Handrail, only: str) -> dict[str, Cost]:
    database: Database = app.extensions["handrail"].database
    with database.begin() as connection:  # of the time before, if the database was kept
        connection.execute(text('DELETE FROM "user"'))
    owner = signed_in_owner(app)
    count_learners(database)  # as a thread of the server does
    meter = Meter(database)
    cases = [*tool_cases(database), *page_cases(owner)]
    found = {case.name: meter.cost(case) for case in cases if re.search(only, case.name)}
    meter.close()
    return found


class Meter:
    """Reads what the processes of the database have done, on a connection of its own."""

    def __init__(self, database: Database) -> None:
        self._own: Connection = database.open_connection()
        self._own.autocommit = True
        self._is_told = False
        # The counters of a session are told once a second, unless it is asked to.
        event.listen(database.engine, "checkout", self._tell)

    def cost(self, case: Case) -> Cost:
        """Run *case* some times; return what each took."""
        work = case.work
        began = time.perf_counter()
        work()
        most = 1 if time.perf_counter() - began > 1 else _ROUNDS
        rounds, began, cpu = 0, time.perf_counter(), self.cpu_ms()
        while rounds < most or time.perf_counter() - began < _SECONDS:
            work()
            rounds += 1
        cpu = self.cpu_ms() - cpu
        self._is_told = True
        work()
        pages = -self._pages()
        for _ in range(most):
            work()
        pages += self._pages()
        self._is_told = False
        sys.stderr.write(f"{case.name}: {cpu / rounds:.2f}, {pages / most:.0f}\n")
        return Cost(cpu / rounds, pages / most)

    def close(self) -> None:
        """Close the connection."""
        self._own.close()

    def _tell(self, connection: Connection, *_: object) -> None:
        if self._is_told:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_stat_force_next_flush()")

    def _pages(self) -> float:
        with self._own.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT blks_hit + blks_read FROM pg_stat_database"
                " WHERE datname = current_database()"
            )
            (pages,) = cursor.fetchone() or (0,)
        return float(pages)

    def cpu_ms(self) -> float:
        """Return what the sessions that live have worked; none may end in between."""
        with self._own.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND pid <> pg_backend_pid()"
            )
            pids = [pid for (pid,) in cursor.fetchall()]
        nanoseconds = [int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids]
        return sum(nanoseconds) / 1_000_000


if __name__ == "__main__":
    main()
