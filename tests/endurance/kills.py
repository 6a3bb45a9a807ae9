"""Processes die with -9 while twelve learners walk and an author commits."""

from __future__ import annotations

import itertools
import random
import threading
import time
from contextlib import ExitStack

from tests.endurance import evidence
from tests.endurance.walkers import Tally, Walker
from tests.endurance.world import World, beside

KINDS = ("server", "database", "database and children", "both servers")
_RECOVERY_SECONDS = 60
#: An answer that was on the way when the process died does not show that it is back.
_ON_THE_WAY_SECONDS = 0.2


def kill_for(world: World, seconds: float) -> list[dict[str, object]]:
    """Kill one thing after the other; return a line of the table for each kind."""
    tally, stop = Tally(), threading.Event()
    walkers = [Walker(world, token, tally, stop) for token in world.links["acme"]]
    recoveries: dict[str, list[float]] = {kind: [] for kind in KINDS}
    author = threading.Thread(target=_commit, args=(world, stop))
    with ExitStack() as stack:
        for walker in walkers:
            stack.enter_context(beside(walker, stop))
        stack.enter_context(beside(author, stop))
        until = time.monotonic() + seconds
        for kind in itertools.cycle(KINDS):
            if time.monotonic() > until:
                break
            time.sleep(random.uniform(0.5, 2.0))
            recoveries[kind].append(_kill_and_wait(world, kind, walkers))
    return [
        {
            "scenario": f"kill: {kind}",
            "rounds": len(taken),
            "recovery_median": sorted(taken)[len(taken) // 2] if taken else None,
            "recovery_worst": max(taken, default=None),
        }
        for kind, taken in recoveries.items()
    ] + [
        {
            "scenario": "kill: all learners",
            "rounds": sum(map(len, recoveries.values())),
            "acknowledged": tally.counts["acknowledged"],
            "lost": tally.counts["lost"],
            "doubled": tally.counts["doubled"],
            "misplaced": tally.counts["misplaced"],
            "faults": tally.faults,
        }
    ]


def _kill_and_wait(world: World, kind: str, walkers: list[Walker]) -> float:
    """Kill, start again what a supervisor would; return how long until every learner went on."""
    began = time.monotonic()
    if kind.startswith("database"):
        world.kill_database(with_children=kind.endswith("children"))
    else:
        count = 1 if kind == "server" else 2
        dead = random.sample(world.processes, count)
        for process in dead:
            process.kill()
        for process in dead:
            process.start()
    try:
        _wait_for(walkers, began)
    except TimeoutError as error:
        error.add_note(f"Killed: {kind}. {evidence.gather(world, walkers)}")
        raise
    if not kind.startswith("database"):
        for process in world.processes:
            process.wait_until_ready()
    return time.monotonic() - began


def _wait_for(walkers: list[Walker], began: float) -> None:
    for walker in walkers:
        while walker.acknowledged_at < began + _ON_THE_WAY_SECONDS:
            if time.monotonic() - began > _RECOVERY_SECONDS:
                raise TimeoutError(f"{walker.name} has not gone on")
            time.sleep(0.01)


def _commit(world: World, stop: threading.Event) -> None:
    for number in itertools.count(2):
        if stop.wait(2):
            return
        world.write(str(number))
