"""Turn measured rounds into docs/performance.md."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.cases import Cost
from bench.lines import LINES, Line

_PAGE = Path(__file__).parent.parent / "docs" / "performance.md"

_TEXT = """# Performance

Written by `make bench`. Each figure is a ratio within one run: the cases take turns, round by
round, and the median over {rounds} rounds is shown. Rates of a machine mean little; ratios travel.

The references: **pgbench** runs the very statement of a step call, prepared, on one connection;
*no event* is the same without what [analytics](analytics.md) keep of it.
**Bare SDK** is a tool that returns one word from the MCP SDK's own server, with no database.
A step call finds the tenant, recognises the learner by a personal link (or, where it says *signed
in*, by the token of a [sign-in](sign-in.md)), moves them durably
(`fsync` and `synchronous_commit` on) and returns the next step's text, about 3.7 kB. The pace is
on, and thousands of learners take turns, as they do when each one works on a step for a while.
The server has met them before: who they are, it asks the database once.
Load generator, server and PostgreSQL share the machine, and PostgreSQL makes no checkpoint
meanwhile. Where no number of connections is told, there are 32. *CPU* is what the server's
processes take for a request, PostgreSQL's apart; of *pgbench* and *database*, which have no server,
it is the client's.

*Legacy* is a client of 2025-11-25, and its handshake is `initialize` and the notification after it.
A *repeated* step is done already. Workers are the processes of `flask serve --workers`.

| what | measured against | rate | CPU | goal |
|---|---|---|---|---|
{steps}

What each case gave on the machine of this run, with the median of each column by itself:

| case | requests per second | server, µs of CPU each | PostgreSQL, µs of CPU each |
|---|---|---|---|
{costs}

Syncing is measured against Git and PostgreSQL doing nothing but the moving of bytes, on 1,000
walkthroughs of ten files of 3.7 kB (no two alike), with the repository on the same machine, where a
poll costs least and our part of it shows most. An import stores what it has read while it reads on;
the floor does one after the other.

| what | measured against | ratio | goal |
|---|---|---|---|
{syncs}

Pages of the dashboard are asked of the application without a network, in an organization of 1,000
walkthroughs of 20 steps, with 10,000 learners and 100,000 rows of progress. An empty page is the
member's own account: the same frame, and next to no content.

| page | median | over an empty page | goal |
|---|---|---|---|
{pages}

What calls wait when twice as many come as can be done is measured apart, by
`python -m bench.overload`, on two cores that do nothing else:
[what it gave](decisions/0014-the-edge.md).
"""


def write(rounds: list[dict[str, Cost]], trips: dict[str, float], syncs: str, pages: str) -> None:
    """Print the ratios and write the page.

    Args:
        rounds: what each case gave in each round.
        trips: how often an ordinary step call asks the database, by how the learner is known.
        syncs: the rows of the table of syncing.
        pages: the rows of the table of pages.
    """
    steps, costs = step_tables(rounds, trips, LINES)
    sys.stdout.write("\n\n".join((steps, costs, syncs, pages)) + "\n")
    _PAGE.write_text(
        _TEXT.format(rounds=len(rounds), steps=steps, costs=costs, syncs=syncs, pages=pages)
    )


def step_tables(
    rounds: list[dict[str, Cost]], trips: dict[str, float], lines: Sequence[Line]
) -> tuple[str, str]:
    """Return the rows of the table of ratios, and of that of what each case gave.

    A line whose cases were not measured says so.
    """
    rows = [_row(rounds, line) for line in lines]
    for how, asked in trips.items():
        rows.append(f"| round trips to the database, {how} | step calls | {asked:.2f} | | 1 |")
    return "\n".join(rows), "\n".join(_costs(rounds))


def _row(rounds: list[dict[str, Cost]], line: Line) -> str:
    begin = f"| {line.what} | {line.reference} |"
    pairs = [
        (each[line.case], each[line.reference])
        for each in rounds
        if line.case in each and line.reference in each
    ]
    if not pairs:
        return f"{begin} not measured | | |"
    rate = statistics.median(case.rate / other.rate for case, other in pairs)
    # A short round may give a process no tick of the clock at all.
    cpu = statistics.median(case.server_us / max(other.server_us, 1.0) for case, other in pairs)
    goals = [f"rate {line.rate}"] if line.rate else []
    goals += [f"CPU {line.cpu}"] if line.cpu else []
    return f"{begin} {rate:.2f} | {cpu:.2f} | {', '.join(goals)} |"


def _costs(rounds: list[dict[str, Cost]]) -> Iterator[str]:
    for name in rounds[0]:
        found = [each[name] for each in rounds if name in each]
        rate, server, postgres = (
            statistics.median(getattr(cost, what) for cost in found)
            for what in ("rate", "server_us", "postgres_us")
        )
        yield f"| {name} | {rate:,.0f} | {server:.0f} | {postgres:.0f} |"
