"""Turn measured rounds into docs/performance.md."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

_PAGE = Path(__file__).parent.parent / "docs" / "performance.md"

#: (what, case, reference, goal as text, at least or at most)
_LINES = (  # one line each, as in the table
    ("database, 10 steps, 1 connection", "database 1 (10)", "pgbench 1 (10)", "at least 0.6"),
    ("database, 200 steps, 1 connection", "database 1 (200)", "pgbench 1 (200)", "at least 0.6"),
    ("the statement with its event, 10 steps", "pgbench 1 (10)", "pgbench 1 (10), no event",
     "at least 0.8"),
    ("the statement with its event, 200 steps", "pgbench 1 (200)", "pgbench 1 (200), no event",
     "at least 0.8"),
    ("step call with its event, 10 steps", "step 1 (10)", "step 1 (10), no event",
     "at least 0.95"),
    ("step call with its event, 200 steps", "step 1 (200)", "step 1 (200), no event",
     "at least 0.95"),
    ("step call, 10 steps, 1 connection", "step 1 (10)", "bare 1", ""),
    ("step call, 10 steps, 32 connections", "step 32 (10)", "bare 32", "at least 0.35"),
    ("step call, 200 steps, 1 connection", "step 1 (200)", "bare 1", ""),
    ("step call, 200 steps, 32 connections", "step 32 (200)", "bare 32", "at least 0.35"),
    ("200 steps over 10, 32 connections", "step 32 (10)", "step 32 (200)", "at most 1.3"),
    ("signed in over by link, 1 connection", "bearer 1 (10)", "step 1 (10)", "at least 0.91"),
    ("signed in over by link, 32 connections", "bearer 32 (10)", "step 32 (10)", "at least 0.91"),
)  # fmt: skip

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
Load generator, server and PostgreSQL share the machine.

| what | measured against | ratio | goal |
|---|---|---|---|
{steps}

Syncing is measured against Git and PostgreSQL doing nothing but the moving of bytes, on 1,000
walkthroughs of ten files of 3.7 kB (no two alike), with the repository on the same machine, where a
poll costs least and our part of it shows most.

| what | measured against | ratio | goal |
|---|---|---|---|
{syncs}

Pages of the dashboard are asked of the application without a network, in an organization of 1,000
walkthroughs of 20 steps, with 10,000 learners and 100,000 rows of progress. An empty page is the
member's own account: the same frame, and next to no content.

| page | median | over an empty page | goal |
|---|---|---|---|
{pages}
"""


def write(rounds: list[dict[str, float]], trips: dict[str, float], syncs: str, pages: str) -> None:
    """Print the ratios and write the page.

    Args:
        rounds: what each case gave in each round.
        trips: how often an ordinary step call asks the database, by how the learner is known.
        syncs: the rows of the second table.
        pages: the rows of the third.
    """
    rows = []
    for what, case, reference, goal in _LINES:
        ratio = statistics.median(each[case] / each[reference] for each in rounds)
        rows.append(f"| {what} | {reference} | {ratio:.2f} | {goal} |")
    for how, asked in trips.items():
        rows.append(f"| round trips to the database, {how} | step calls | {asked:.2f} | 1 |")
    table = "\n".join(rows)
    sys.stdout.write(f"{table}\n{syncs}\n{pages}\n")
    _PAGE.write_text(_TEXT.format(rounds=len(rounds), steps=table, syncs=syncs, pages=pages))
