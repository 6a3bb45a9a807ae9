"""A learner who walks to the end and begins again, and knows from each answer where they must be."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from typing import Any

import httpx

from tests.endurance.world import STEPS, World
from tests.http.posting import HEADERS

TITLES = [each.title() for each in STEPS]


class Tally:
    """What all learners have seen together. Only whole numbers, added under a lock."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self._lock = threading.Lock()

    def add(self, what: str, fault: str | None = None) -> None:
        with self._lock:
            self.counts[what] += 1
            if fault is not None:
                self.faults.append(fault)


class Refused(Exception):
    """The call was not carried out, or its answer did not come."""


class Caller:
    """Calls tools over a personal link, on one process or the other."""

    def __init__(self, world: World, token: str, slug: str = "acme") -> None:
        self.world, self.token, self.slug = world, token, slug
        self._client = httpx.Client(timeout=15)
        self._numbers = itertools.count(1)

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Return what programs are given of the answer."""
        process = random.choice(self.world.processes)
        body = {
            "jsonrpc": "2.0",
            "id": next(self._numbers),
            "method": "tools/call",
            "params": {"name": name, "arguments": arguments},
        }
        try:
            answer = self._client.post(
                f"{process.origin}/s/{self.slug}/mcp/u/{self.token}", json=body, headers=HEADERS
            )
            result = answer.json()["result"]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise Refused(str(error)) from error
        if result.get("isError"):
            raise Refused(result["content"][0]["text"])
        view: dict[str, Any] = result["_meta"]["handrail/view"]
        return view


class Walker(threading.Thread):
    """Walks the course; `done` is how many steps were acknowledged in this attempt."""

    def __init__(self, world: World, token: str, tally: Tally, stop: threading.Event) -> None:
        super().__init__(name="walker")
        self.caller, self.tally, self.stop = Caller(world, token), tally, stop
        self.row = world.walkthroughs["acme"]
        self.done, self.in_flight = 0, False
        self.acknowledged_at = time.monotonic()
        self.refusal = "nothing was refused"

    def run(self) -> None:
        view = None
        while not self.stop.is_set():
            try:
                if view is None:
                    view = self.caller.call("select_walkthrough", walkthrough_id=self.row)
                    self._compare(view)
                    self.in_flight = False
                if view["step"] is None:
                    view = self._begin_again()
                    continue
                self.in_flight = True
                step = view["step"]["id"]
                view = self.caller.call("next_walkthrough_step", current_step_id=step)
                self.done, self.in_flight = self.done + 1, False
                self.acknowledged_at = time.monotonic()
                self.tally.add("acknowledged")
                self._compare(view)
            except Refused as refused:
                self.tally.add("refused")
                seconds = time.monotonic() - self.acknowledged_at
                self.refusal = f"{seconds:.0f} s after its last step: {refused}"
                view = None
                self.stop.wait(0.05)
        self._compare_at_end()

    def _begin_again(self) -> dict[str, Any] | None:
        self.in_flight = True
        view = self.caller.call(
            "select_walkthrough", walkthrough_id=self.row, resume_if_exists=False
        )
        self.done, self.in_flight = 0, False
        self.tally.add("walks")
        self._compare(view)
        return view

    def _compare(self, view: dict[str, Any]) -> None:
        """Compare the place with what was acknowledged: at most the call without an answer more."""
        title = view["step"] and view["step"]["title"]
        place = len(TITLES) if title is None else TITLES.index(title)
        if place != view["progress"]["completed_steps"]:
            counted = view["progress"]["completed_steps"]
            self.tally.add("misplaced", f"{self.name}: at {place} with {counted} completed")
        if self.in_flight and self.done == len(TITLES) and place == 0:
            self.done = 0  # the call that began again was carried out
        if place < self.done:
            self.tally.add("lost", f"{self.name}: at {place}, acknowledged {self.done}")
        if place > self.done + self.in_flight:
            self.tally.add("doubled", f"{self.name}: at {place}, acknowledged {self.done}")
        self.done = place

    def _compare_at_end(self) -> None:
        for _ in range(200):
            try:
                view = self.caller.call("select_walkthrough", walkthrough_id=self.row)
            except Refused:
                time.sleep(0.1)
                continue
            self._compare(view)
            return
        self.tally.add("lost", f"{self.name}: not answered at the end")
