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
    lived = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(os.cpu_count() or 1):
            trees.put(_copy(Path(folder) / str(number)))
        for kind, targets, make in (("rules", RULES, of_rules), ("queries", QUERIES, of_queries)):
            total: Counter[str] = Counter()
            for path, tests in targets.items():
                if not only or any(word in path for word in only):
                    total += _report(path, list(make((ROOT / path).read_text())), tests, trees)
            print(_line(f"All {kind}", total), flush=True)
            lived += total["lived"]
    return 1 if lived else 0


def _report(
    path: str, mutants: list[Mutant], tests: tuple[str, ...], trees: Queue[Path]
) -> Counter[str]:
    def judge(mutant: Mutant) -> str:
        if f"{path}: {mutant.name}" in _EQUAL:
            return "equal"
        tree = trees.get()
        try:
            return _judge(tree, path, mutant.source, tests)
        finally:
            trees.put(tree)

    # Tests that fail without a change would kill everything.
    if judge(Mutant("unchanged", (ROOT / path).read_text())) != "lived":
        sys.exit(f"The tests of {path} fail on the program as it is: {' '.join(tests)}")
    with ThreadPoolExecutor(trees.qsize()) as pool:
        ends = list(pool.map(judge, mutants))
    count = Counter(ends)
    print(_line(path, count), flush=True)
    for mutant, end in zip(mutants, ends, strict=True):
        if end == "lived":
            print(f"    {path}: {mutant.name}", flush=True)
    return count


def _line(what: str, count: Counter[str]) -> str:
    return (
        f"{what}: {count.total()} tried, {count['killed']} killed, {count['endless']} endless, "
        f"{count['equal']} equal, {count['lived']} left"
    )


def _judge(tree: Path, path: str, source: str, tests: tuple[str, ...]) -> str:
    original = (ROOT / path).read_text()
    (tree / path).write_text(source)
    options = ("-x", "-q", "-p", "no:cacheprovider", "-k", "not hundred and not thirty", "--tb=no",
               "--hypothesis-profile=mutants")  # fmt: skip
    command = [sys.executable, "-B", "-m", "pytest", *options, *tests]
    try:
        done = subprocess.run(command, cwd=tree, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "endless"
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
