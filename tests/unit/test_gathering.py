"""Changes that follow each other closely are told once, and thousands are not woken at once."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkthroughs.mcp_server.notices import events_of, frame_of, opening_frame
from walkthroughs.mcp_server.streams import Streams
from walkthroughs.metrics import Metrics
from walkthroughs.serving.gathering import Gathering
from walkthroughs.serving.listeners import Listeners


class Clock:
    """A loop whose time passes when it is told to."""

    def __init__(self, monkeypatch):
        self.now, self.timers = 0.0, []
        monkeypatch.setattr(asyncio, "get_running_loop", lambda: self)

    def time(self):
        return self.now

    def call_at(self, when, work, *arguments):
        timer = [when, work, arguments]
        self.timers.append(timer)
        return type("Timer", (), {"cancel": lambda _: self.timers.remove(timer)})()

    def run_until(self, now):
        while due := [timer for timer in self.timers if timer[0] <= now]:
            first = min(due, key=lambda timer: timer[0])
            self.timers.remove(first)
            self.now = max(self.now, first[0])
            first[1](*first[2])
        self.now = now


@given(
    changes=st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from("ab"), st.sampled_from(["lists", "tools"])),
        max_size=30,
    )
)
def test_each_change_is_told_within_the_time_and_no_more_often_than_needed(changes):
    """A place is told of all that was announced of it and of nothing else."""
    with pytest.MonkeyPatch.context() as patch:
        clock, told = Clock(patch), []
        gathering = Gathering(lambda each: told.append((clock.now, each)), 0.25, 1.0)
        announced = sorted(changes)
        for tenths, where, what in announced:
            clock.run_until(tenths / 10)
            gathering.announce({where: frozenset({what})})
        clock.run_until(100)

    for place in "ab":
        mine = [(at / 10, what) for at, where, what in announced if where == place]
        heard = [(at, each[place]) for at, each in told if place in each]
        assert set().union(*(ids for _, ids in heard)) == {what for _, what in mine}
        for at, what in mine:
            assert any(at <= then <= at + 1.001 and what in ids for then, ids in heard)
        gaps = [later - earlier for (earlier, _), (later, _) in pairwise(heard)]
        assert all(gap >= 0.249 for gap in gaps)


def test_what_changes_without_a_pause_is_told_all_the_same(monkeypatch):
    clock, told = Clock(monkeypatch), []
    gathering = Gathering(lambda _: told.append(clock.now), 0.25, 1.0)
    for tenths in range(31):
        clock.run_until(tenths / 10)
        gathering.announce({"a": frozenset({"lists"})})

    assert 2 <= len(told) <= 3
    assert told[0] <= 1.0


def test_what_is_gathered_is_told_at_once_at_the_end(monkeypatch):
    clock, told = Clock(monkeypatch), []
    gathering = Gathering(told.append)
    gathering.announce({"a": frozenset({"lists"}), "b": frozenset({"tools"})})
    gathering.flush()
    clock.run_until(10)

    assert told == [{"a": frozenset({"lists"})}, {"b": frozenset({"tools"})}]


def test_many_are_woken_a_few_at_a_time_and_each_once():
    async def run():
        listeners, woken = Listeners(Metrics(), most=500, most_of_one=500), []

        async def wait():
            with listeners.listener("acme", "lea") as listener:
                woken.append((await listener.changes(10), loop.time()))

        loop = asyncio.get_running_loop()
        waiting = [asyncio.ensure_future(wait()) for _ in range(100)]
        await asyncio.sleep(0)
        began = loop.time()
        listeners.announce({"acme": frozenset({"lists"})})
        listeners.announce({"acme": frozenset({"tools"})})
        await asyncio.gather(*waiting)
        return woken[0][0], woken[-1][0], [at - began for _, at in woken]

    first, last, after = asyncio.run(run())
    assert first == last == ["lists", "tools"]
    assert len(after) == 100
    assert after[-1] >= 0.08  # five groups, with four pauses between


def test_what_is_known_of_servers_is_forgotten_before_anybody_hears_that_tools_changed():
    async def run():
        done = []
        streams = Streams(Metrics(), lambda: done.append("forgotten"), most=8)
        with streams._listeners.listener("o/srv", "lea") as listener:
            for kinds in ({"lists"}, {"tools"}):
                streams.announce({"o/srv": frozenset(kinds)})
                done.append(await listener.changes(5))
        return done

    assert asyncio.run(run()) == [["lists"], "forgotten", ["tools"]]


def test_what_was_announced_is_told_by_list():
    methods = [frame_of(event).split(b'"method": "')[1] for event in events_of(["lists"])]
    assert [method.split(b'"')[0] for method in methods] == [
        b"notifications/prompts/list_changed",
        b"notifications/resources/list_changed",
    ]
    assert len(events_of(["lists", "tools"])) == len(events_of(["*"])) == 3
    assert events_of([]) == ()
    assert opening_frame(b"2025-11-25").startswith(b"id: 0\ndata:\nretry: ")
    assert opening_frame(b"2025-06-18").startswith(b"retry: ")
