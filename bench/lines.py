"""The lines of the step call's table: what is measured against what, and how good it has to be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A ratio of two cases. A goal is a text; without one, the figure is only shown.

    Attributes:
        what: in words.
        case: its name in `bench.cases`.
        reference: that of what it is measured against.
        rate: the goal for the rate over that of the reference.
        cpu: the goal for the server's CPU of a request over that of the reference.
    """

    what: str
    case: str
    reference: str
    rate: str = ""
    cpu: str = ""


def _step_lines() -> list[Line]:
    found = []
    for clients in (1, 32):
        goals = ("at least 0.9", "at most 0.8") if clients == 32 else ("", "")
        plural = "s" if clients > 1 else ""
        for size in (10, 200):
            what = f"step call, {size} steps, {clients} connection{plural}"
            found.append(Line(what, f"step {clients} ({size})", f"bare {clients}", *goals))
    return found


def _look_lines() -> list[Line]:
    found = []
    for name in ("select", "status", "repeated"):
        most = "" if name == "repeated" else "at most 2"
        what = "repeated step" if name == "repeated" else name
        found += [
            Line(f"{what}, 10 steps", f"{name} 32 (10)", "step 32 (10)", cpu=most),
            Line(f"{what}, 200 steps", f"{name} 32 (200)", "step 32 (200)", cpu=most),
            Line(
                f"{what}, 200 steps over 10",
                f"{name} 32 (200)",
                f"{name} 32 (10)",
                cpu="0.9 to 1.1",
            ),
        ]
    return found


LINES = (
    *(
        line
        for size in (10, 200)
        for line in (
            Line(
                f"database, {size} steps, 1 connection",
                f"database 1 ({size})",
                f"pgbench 1 ({size})",
                rate="at least 0.9",
            ),
            Line(
                f"the statement with its event, {size} steps",
                f"pgbench 1 ({size})",
                f"pgbench 1 ({size}), no event",
                rate="at least 0.8",
            ),
            Line(
                f"step call with its event, {size} steps",
                f"step 1 ({size})",
                f"step 1 ({size}), no event",
                rate="at least 0.95",
            ),
        )
    ),
    *_step_lines(),
    Line("200 steps over 10", "step 32 (200)", "step 32 (10)", cpu="0.9 to 1.1"),
    Line("signed in over by link, 1 connection", "bearer 1 (10)", "step 1 (10)", "at least 0.91"),
    Line("signed in over by link", "bearer 32 (10)", "step 32 (10)", "at least 0.91"),
    Line("legacy step over modern, 1 connection", "legacy 1 (10)", "step 1 (10)", "0.77 to 1.3"),
    Line("legacy step over modern", "legacy 32 (10)", "step 32 (10)", "0.77 to 1.3"),
    Line("handshake and step", "handshake and step 32 (10)", "bare 32", "at least 0.4"),
    Line("list", "list 32", "step 32 (10)"),
    *_look_lines(),
    Line("two workers over one", "workers 2", "workers 1", cpu="at most 1.2"),
    Line("four workers over one; none refused", "workers 4", "workers 1"),
)
