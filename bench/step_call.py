"""Measure the step call against its floors, and other calls against it. `make bench`.

Floors: PostgreSQL alone (pgbench, prepared, the same statement, and the same without its event)
and the SDK alone (a tool that returns a word). Rounds take turns, and each figure is the
median of the ratios within a round, since a machine's speed changes by the
minute and a ratio does not.

    python -m bench.step_call [--quick] [--only WORD]

Both print the first tables and write no page. With a word, only the lines of the table are measured
that contain it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from bench import dashboard, round_trips, sync
from bench.cases import Bench, Cost, cases
from bench.lines import LINES, Line
from bench.processes import free_port, process, wait_for
from bench.report import step_tables, write
from bench.seed import rewind, seeded

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS, QUICK_SECONDS = 3.0, 1.0
#: A server's first calls are slower: so long it is warmed up.
_WARM_SECONDS = 0.5


def main(words: Sequence[str] | None = None) -> None:
    """Measure, print the ratios, and write the page if all was measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.step_call")
    parser.add_argument("--quick", action="store_true", help="one short round, in two minutes")
    parser.add_argument("--only", default="", metavar="WORD", help="lines that contain it")
    given = parser.parse_args(words)
    lines = [line for line in LINES if given.only in f"{line.what} {line.case} {line.reference}"]
    if not lines:
        parser.error(f'no line of the table contains "{given.only}"')
    is_whole = not (given.quick or given.only)
    rounds, trips = _measure(lines, quick=given.quick, counts_trips=is_whole)
    if is_whole:
        write(rounds, trips, sync.table(sync.measure()), dashboard.table())
    else:
        sys.stdout.write("\n\n".join(step_tables(rounds, trips, lines)) + "\n")


def _measure(
    lines: Sequence[Line], *, quick: bool, counts_trips: bool
) -> tuple[list[dict[str, Cost]], dict[str, float]]:
    """Return what each case gave in each round, and how often a step call asks the database."""
    with seeded() as (url, database, data):
        postgres = int((data / "postmaster.pid").read_text().split()[0])
        rounds = _rounds(Bench(url, database, postgres), lines, quick)
        rewind(database)
        return rounds, round_trips.measure(url) if counts_trips else {}


def _rounds(bench: Bench, lines: Sequence[Line], quick: bool) -> list[dict[str, Cost]]:
    wanted = {case for line in lines for case in (line.case, line.reference)}
    chosen = {name: case for name, case in cases().items() if name in wanted}
    with ExitStack() as stack:
        for module in ("bare", "ours", "without_events"):
            port = free_port()
            arguments = [str(port)] if module == "bare" else [str(port), bench.url]
            number = stack.enter_context(process(f"bench.{module}", *arguments))
            bench.servers[module] = port, number
        for port, _ in bench.servers.values():
            wait_for(port)
        rounds = []
        for number in range(1 + (1 if quick else ROUNDS)):
            rewind(bench.database)
            bench.seconds = QUICK_SECONDS if quick else SECONDS
            if not number:  # the first one warms up
                bench.seconds = _WARM_SECONDS
            found = {name: case(bench) for name, case in chosen.items()}
            costs = {name: cost for name, cost in found.items() if cost is not None}
            rates = {name: round(cost.rate) for name, cost in costs.items()}
            sys.stderr.write(f"round {number}: {rates}\n")
            if number:
                rounds.append(costs)
        return rounds


if __name__ == "__main__":
    main()
