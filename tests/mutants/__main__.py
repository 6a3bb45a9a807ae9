"""Make the mutants, run the tests on each, and print which lived: `make mutants`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

from tests.mutants.changes import Mutant, of_queries, of_rules
from tests.mutants.targets import QUERIES, RULES

ROOT = Path(__file__).parents[2]
_EQUAL = {
    line.split("  #")[0].strip()
    for line in (Path(__file__).parent / "equal.txt").read_text().splitlines()
    if line.strip()
}
_SECONDS = 120


def main(only: list[str]) -> int:
    """Run all mutants of the files whose path contains one of *only*, or of all files."""
    trees: Queue[Path] = Queue()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(os.cpu_count() or 1):
            trees.put(_copy(Path(folder) / str(number)))
        lived = 0
        for targets, make in ((RULES, of_rules), (QUERIES, of_queries)):
            for path, tests in targets.items():
                if not only or any(word in path for word in only):
                    lived += _report(path, list(make((ROOT / path).read_text())), tests, trees)
    return 1 if lived else 0


def _report(path: str, mutants: list[Mutant], tests: tuple[str, ...], trees: Queue[Path]) -> int:
    def judge(mutant: Mutant) -> str:
        if f"{path}: {mutant.name}" in _EQUAL:
            return "equal"
        tree = trees.get()
        try:
            return _judge(tree, path, mutant, tests)
        finally:
            trees.put(tree)

    with ThreadPoolExecutor(trees.qsize()) as pool:
        ends = list(pool.map(judge, mutants))
    count = Counter(ends)
    print(f"{path}: {len(mutants)} tried, {count['killed']} killed, "
          f"{count['equal']} equal, {count['lived']} left", flush=True)  # fmt: skip
    for mutant, end in zip(mutants, ends, strict=True):
        if end == "lived":
            print(f"    {path}: {mutant.name}", flush=True)
    return count["lived"]


def _judge(tree: Path, path: str, mutant: Mutant, tests: tuple[str, ...]) -> str:
    original = (ROOT / path).read_text()
    (tree / path).write_text(mutant.source)
    options = ("-x", "-q", "-p", "no:cacheprovider", "-k", "not hundred")
    command = [sys.executable, "-B", "-m", "pytest", *options, *tests]
    try:
        done = subprocess.run(command, cwd=tree, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "killed"
    finally:
        (tree / path).write_text(original)
    return "lived" if done.returncode == 0 else "killed"


def _copy(tree: Path) -> Path:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    return tree


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
