"""Make the mutants, run the tests on each, and print which lived: `make mutants`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.judge import EQUAL, MAKE, ROOT
from tests.mutants.targets import QUERIES, RULES

_SECONDS = 600
_LEFT = ("lived", "never run")
_OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-k", "not hundred and not thirty", "--tb=no",
            "--hypothesis-profile=mutants")  # fmt: skip

#: One line of the judge: the path, the mutant's name, and how it ended.
End = tuple[str, str, str]


def main(only: list[str]) -> int:
    """Run all mutants of the files whose path contains one of *only*, or of all files."""
    workers = int(os.environ.get("WORKERS") or os.cpu_count() or 1)
    total: dict[str, Counter[str]] = {kind: Counter() for kind in MAKE}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as pool:
        groups = list(_groups(only))
        ends = pool.map(lambda group: _judged(*group, Path(folder)), groups)
        for (kind, _, _), found in zip(groups, ends, strict=True):
            total[kind] += _report(found)
    for kind, count in total.items():
        print(_line(f"All {kind}", count), flush=True)
    return 1 if any(count[end] for count in total.values() for end in _LEFT) else 0


def _groups(only: list[str]) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Yield a kind, tests and the files that have these: one process imports for all of them."""
    for kind, targets in (("rules", RULES), ("queries", QUERIES)):
        of_tests: dict[tuple[str, ...], list[str]] = {}
        for path, tests in targets.items():
            if not only or any(word in path for word in only):
                of_tests.setdefault(tests, []).append(path)
        for tests, paths in of_tests.items():
            yield kind, tuple(paths), tests


def _judged(kind: str, paths: tuple[str, ...], tests: tuple[str, ...], folder: Path) -> list[End]:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        out = Path(own) / "ends"
        words = (kind, " ".join(paths), " ".join(tests), str(out))
        command = [sys.executable, "-B", "-m", "tests.mutants.judge", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stdout, done.stderr, flush=True)
            return [(path, "nothing changed, and the tests fail", "lived") for path in paths]
        found: list[End] = [tuple(json.loads(line)) for line in out.read_text().splitlines()]
        if any(end == "alone" for _, _, end in found):
            tree = _copy(Path(own) / "tree")
            found = [_alone(kind, tree, tests, one) for one in found]
        return found


def _alone(kind: str, tree: Path, tests: tuple[str, ...], found: End) -> End:
    """Judge a mutant in a process of its own, where the running one could not become it."""
    path, name, end = found
    if end != "alone" or f"{path}: {name}" in EQUAL:
        return found
    original = (ROOT / path).read_text()
    mutant = next(mutant for mutant in MAKE[kind](original) if mutant.name == name)
    (tree / path).write_text(mutant.source)
    command = [sys.executable, "-B", "-m", "pytest", *_OPTIONS, *tests]
    try:
        done = subprocess.run(command, cwd=tree, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return path, name, "endless"
    finally:
        (tree / path).write_text(original)
    return path, name, "lived" if done.returncode == 0 else "killed"


def _report(found: list[End]) -> Counter[str]:
    known = Counter(EQUAL)
    counts: dict[str, Counter[str]] = {}
    for path, name, end in found:
        count = counts.setdefault(path, Counter())
        if end in (*_LEFT, "alone") and known[f"{path}: {name}"]:
            known[f"{path}: {name}"] -= 1
            count["equal"] += 1
        else:
            count[end] += 1
            if end in _LEFT:
                print(f"    {path}: {name}{' (never run)' * (end != 'lived')}", flush=True)
    for path, count in counts.items():
        print(_line(path, count), flush=True)
    return sum(counts.values(), Counter())


def _line(what: str, count: Counter[str]) -> str:
    return (
        f"{what}: {count.total()} tried, {count['killed']} killed, {count['endless']} endless, "
        f"{count['equal']} equal, {sum(count[end] for end in _LEFT)} left"
    )


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
