"""Judge the changes of some files in one process: each in a fork that has all imported.

A change within a function is put into the function that is there, and only the tests that come to
its line run. To begin a process, import and collect takes a hundred times longer than most tests.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import os
import pickle
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Generator
from functools import cache, partial
from pathlib import Path
from typing import NoReturn

import pytest

from tests import clusters
from tests.mutants.changes import Mutant, of_queries, of_rules
from tests.mutants.reach import (
    Lines,
    belongs_to_module,
    called_at_import,
    merged,
    runs_at_import,
    shared_fixtures,
    statement_around,
    tracing,
)
from tests.mutants.swap import CannotSwap, Functions, functions_of, run_again, swap_functions
from walkthroughs.database import embedded
from walkthroughs.database.embedded import start, stop

ROOT = Path(__file__).parents[2]
MAKE = {"rules": of_rules, "queries": of_queries}
#: Mutants that make no difference, by path and name: how many there are.
EQUAL = Counter(
    line.rpartition("  #")[0].strip()  # a line of a program may have a remark
    for line in (Path(__file__).parent / "equal.txt").read_text().splitlines()
    if line.strip()
)
_KILLED, _CANNOT = 1, 3
_ENDS = {0: "lived", _KILLED: "killed", _CANNOT: "alone"}


class Judge:
    """A plugin of pytest: instead of running the tests once, run them for each mutant."""

    def __init__(self, kind: str, paths: list[str], tell: Callable[[str, str, str], None]) -> None:
        """*tell* hears the path, the mutant's name and how it ended; `alone` is for a new process."""
        self._kind = kind
        self._paths = paths
        self._tell = tell
        self._folder = Path(tempfile.mkdtemp(prefix="mutants-"))
        self._functions: dict[str, Functions] = {}
        self._after_setup: Callable[[], None] = lambda: None
        self._killer = self._folder / "killer"
        self._cost: dict[str, float] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge all mutants, with the tests that were collected."""
        server = self._folder / "postgres"
        if any("postgres" in getattr(item, "fixturenames", ()) for item in session.items):
            clusters.make(server)
            url = start(server)
            # A fork has nothing of its own to start. The names are replaced in this process only.
            clusters.made_once = lambda tmp_path_factory: server
            clusters.copy = lambda cluster, folder: None
            embedded.start = lambda data_dir: url
            embedded.stop = lambda data_dir: True
        try:
            self._judge_all(session.items)
        finally:
            stop(server)
            shutil.rmtree(self._folder, ignore_errors=True)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """End a fork at the first failure."""
        if report.failed:
            print(report.nodeid, report.longreprtext[-1500:], file=sys.stderr, flush=True)
            self._killer.write_text(report.nodeid)
            os._exit(_KILLED)

    def _judge_all(self, items: list[pytest.Item]) -> None:
        for path in self._paths:  # some are imported only when they are needed
            importlib.import_module(path.removesuffix(".py").replace("/", "."))
        reached = self._folder / "reached"
        began = time.monotonic()
        if self._fork(lambda: reached.write_bytes(pickle.dumps(self._reach(items))), 1800):
            sys.exit(f"The tests of {' '.join(self._paths)} fail on the program as it is.")
        seconds = 60 + 3 * (time.monotonic() - began)
        self._functions = functions_of({str(ROOT / path) for path in self._paths})
        lines: list[Lines]
        lines, self._cost = pickle.loads(reached.read_bytes())  # our own
        for path in self._paths:
            file = str(ROOT / path)
            ran = [(item, of_item[file]) for item, of_item in zip(items, lines, strict=True)]
            mutants = list(MAKE[self._kind]((ROOT / path).read_text()))
            named = Counter(mutant.name for mutant in mutants)
            for mutant in mutants:
                # Whoever is known to live would run every test. Of several that have one name,
                # some may be known only: which ones they are is seen by trying all.
                is_known = EQUAL[f"{path}: {mutant.name}"] >= named[mutant.name]
                end = "lived" if is_known else self._end(path, mutant, ran, seconds)
                self._tell(path, mutant.name, end)

    def _end(
        self, path: str, mutant: Mutant, ran: list[tuple[pytest.Item, set[int]]], seconds: float
    ) -> str:
        file, source = str(ROOT / path), (ROOT / path).read_text()
        tree = _parsed(source)
        where = set(statement_around(tree, mutant.line))
        chosen = [item for item, of_item in ran if where & of_item]
        if chosen:
            change = partial(swap_functions, self._functions[file], file, source, mutant.source)
        elif runs_at_import(tree, mutant.line):
            chosen = [item for item, _ in sorted(ran, key=lambda one: not one[1])]
            values = belongs_to_module(tree, mutant.line)
            change = partial(run_again, file, mutant.source, only_values=values)
        else:
            # What makes a statement while it is imported is judged in a new process.
            return "alone" if called_at_import(tree, mutant.line) else "never run"
        chosen = sorted(chosen, key=self._costs)
        end = _ENDS.get(self._fork(partial(_try, change, chosen), seconds), "endless")
        if end == "killed" and self._killer.exists():
            # What noticed one change often notices the next one.
            self._cost[self._killer.read_text()] = 0
        return end

    def _costs(self, item: pytest.Item) -> float:
        return self._cost[item.nodeid]

    def _reach(self, items: list[pytest.Item]) -> tuple[list[Lines], dict[str, float]]:
        """Run all; return the lines of each, and how long it took.

        What a fixture ran is of all tests that share it.
        """
        found, shared = [], {}
        cost: dict[str, float] = {}
        for item, following in zip(items, [*items[1:], None], strict=True):
            began = time.monotonic()
            with tracing({str(ROOT / path) for path in self._paths}) as lines:
                self._after_setup = lambda lines=lines, item=item: shared.update(
                    {name: merged(lines, shared.get(name)) for name in shared_fixtures(item)}
                )
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            found.append(lines)
            cost[item.nodeid] = time.monotonic() - began
        for item, lines in zip(items, found, strict=True):
            for name in shared_fixtures(item):
                lines.update(merged(lines, shared[name]))
        return found, cost

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Generator[None]:
        """Note what was run for the fixtures."""
        yield
        self._after_setup()

    def _fork(self, work: Callable[[], object], seconds: float) -> int:
        """Do *work* in a fork; return its exit code, or -9 if it took longer than *seconds*."""
        temporary = Path(tempfile.mkdtemp(dir=self._folder))
        pid = os.fork()
        if not pid:
            os.setsid()
            # Whoever is in a loop ends sooner than by the clock.
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds / 6), int(seconds / 6)))
            os.environ["PYTEST_DEBUG_TEMPROOT"] = tempfile.tempdir = str(temporary)
            _work_and_exit(work)
        watched = select.poll()
        watched.register(os.pidfd_open(pid), select.POLLIN)
        # Second by second, so that a time for which all is stopped counts as one of them.
        ended = any(watched.poll(1000) for _ in range(int(seconds)))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # it, and what its tests have started
        _, status = os.waitpid(pid, 0)
        shutil.rmtree(temporary, ignore_errors=True)
        return os.waitstatus_to_exitcode(status) if ended else -signal.SIGKILL


@cache
def _parsed(source: str) -> ast.Module:
    return ast.parse(source)


def _work_and_exit(work: Callable[[], object]) -> NoReturn:
    """Do *work*, and nothing of what a process does at its end: it is the parent's."""
    code = _KILLED
    try:
        work()
        code = 0
    except CannotSwap:
        code = _CANNOT
    except BaseException:  # noqa: BLE001  whatever it is, the fork ends here
        traceback.print_exc()
    os._exit(code)


def _try(change: Callable[[], None], items: list[pytest.Item]) -> None:
    """Make the change and run the tests, up to the first that fails."""
    change()
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def judge(kind: str, paths: list[str], tests: list[str], out: Path) -> None:
    """Judge the mutants of *paths* by *tests*; write a line for each into *out*."""
    with out.open("w") as file:

        def tell(path: str, name: str, end: str) -> None:
            file.write(json.dumps([path, name, end]) + "\n")
            file.flush()

        options = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no",
                   "-k", "not hundred and not thirty",
                   "--hypothesis-profile=mutants"]  # fmt: skip
        code = pytest.main([*options, *tests], plugins=[Judge(kind, paths, tell)])
    sys.exit(code)


if __name__ == "__main__":
    judge(sys.argv[1], sys.argv[2].split(), sys.argv[3].split(), Path(sys.argv[4]))
