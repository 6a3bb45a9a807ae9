"""Run everything for some minutes, and print a table: `make endurance MINUTES=n`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.endurance.crowd import crowd_for
from tests.endurance.kills import kill_for
from tests.endurance.places import places_for
from tests.endurance.races import cross_for, race_for
from tests.endurance.world import World

_LEARNERS = 12
_COLUMNS = (
    "scenario", "rounds", "acknowledged", "lost", "doubled", "misplaced",
    "recovery_median", "recovery_worst", "step_ratio", "health_worst", "memory_mib",
)  # fmt: skip

#: On a machine that does nothing else: seconds, times the step without the crowd, seconds.
_BARS = {"recovery_worst": 10, "step_ratio": 1.5, "health_worst": 1}


def main() -> int:
    """Return 0 if nothing was lost, doubled or misplaced, and no bar was passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance")
    parser.add_argument("--minutes", type=float, default=5)
    seconds = parser.parse_args().minutes * 60
    lines: list[dict[str, Any]] = []
    shares = (
        lambda world: kill_for(world, 0.4 * seconds),
        lambda world: [race_for(world, 0.15 * seconds)],
        lambda world: [cross_for(world, 0.1 * seconds)],
        lambda world: crowd_for(world, 0.1 * seconds),
    )
    try:
        with tempfile.TemporaryDirectory(prefix="handrail-endurance-") as folder:
            world = World(Path(folder), _LEARNERS)
            try:
                for scenario in shares:
                    lines += _told(scenario(world))
            finally:
                world.close()
            lines += _told(places_for(0.25 * seconds, folder))
    finally:  # also of a run that ends early
        _print(lines)
        faults = [fault for line in lines for fault in (*line.get("faults", ()), *_passed(line))]
        for fault in faults[:20]:
            print(fault)
    return 1 if faults else 0


def _told(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Print that a scenario is through, since all of them take a while; return its lines."""
    for line in lines:
        print(f"{line['scenario']}: {line['rounds']} rounds", file=sys.stderr, flush=True)
    return lines


def _passed(line: dict[str, Any]) -> list[str]:
    return [
        f"{line['scenario']}: {name} {line[name]:.2f}, at most {bar}"
        for name, bar in _BARS.items()
        if (line.get(name) or 0) > bar
    ]


def _print(lines: list[dict[str, Any]]) -> None:
    used = [name for name in _COLUMNS if any(line.get(name) is not None for line in lines)]
    rows = [used, *([_shown(line.get(name)) for name in used] for line in lines)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(used))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
