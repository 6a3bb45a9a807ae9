"""The tests of `tests/db` that CI runs a part of: every place of a kill, and many more histories."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
_SUITES = (
    ("kill: before every statement of a sync", "tests/db/test_killed.py"),
    ("histories of commits", "tests/db/test_histories.py"),
    ("histories of learners", "tests/db/test_counts_of_histories.py"),
    ("a full disk, a killed git", "tests/db/test_unfinished.py"),
)


def places_for(seconds: float, folder: str) -> list[dict[str, object]]:
    """Run each suite at its full length, the histories until time is up, with files in *folder*."""
    lines = []
    until = time.monotonic() + seconds
    for scenario, path in _SUITES:
        rounds, failed = 0, []
        while True:
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                 "--basetemp", f"{folder}/tests", path],
                cwd=ROOT, env=os.environ | {"HANDRAIL_ENDURANCE": "1"}, check=False,
                capture_output=True, text=True,
            )  # fmt: skip
            passed = re.search(r"(\d+) passed", done.stdout)
            rounds += int(passed[1]) if passed else 0
            if done.returncode:
                failed.append(done.stdout[-2000:])
            if "histories" not in scenario or time.monotonic() > until:
                break
        lines.append(
            {"scenario": scenario, "rounds": rounds, "misplaced": len(failed), "faults": failed}
        )
    return lines
