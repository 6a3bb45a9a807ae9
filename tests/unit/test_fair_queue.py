"""Callers and groups of callers take turns; what cannot be done in time is refused."""

import asyncio

import pytest

from walkthroughs.serving.fair_queue import Busy, FairQueue
from walkthroughs.serving.overload import MANY


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


class Calls:
    """Calls that are at work until they are ended; notes the order in which they began."""

    def __init__(self, queue):
        self.queue, self.began, self.refused, self.tasks = queue, [], [], {}

    async def start(self, group, caller, name=None):
        name = name or caller

        async def work():
            try:
                await self.queue.enter(group, caller)
            except Busy:
                self.refused.append(name)
            else:
                self.began.append(name)

        self.tasks[name] = (asyncio.create_task(work()), caller)
        await settle()

    async def end(self, name):
        self.queue.leave(self.tasks[name][1])
        await settle()


def test_as_many_calls_as_there_are_places_begin_at_once():
    async def check():
        calls = Calls(FairQueue(at_once=2))
        for name in "abc":
            await calls.start("acme", name)
        assert calls.began == ["a", "b"]
        await calls.end("a")
        assert calls.began == ["a", "b", "c"]

    asyncio.run(check())


def test_one_caller_has_a_part_of_the_places_and_others_begin_beside_it():
    async def check():
        calls = Calls(FairQueue(at_once=10, per_caller=2))
        for number in range(4):
            await calls.start("acme", "lea", f"lea{number}")
        await calls.start("acme", "max")
        assert calls.began == ["lea0", "lea1", "max"]
        await calls.end("max")
        assert calls.began == ["lea0", "lea1", "max"], "a free place is not for a third of Lea's"
        await calls.end("lea0")
        assert calls.began == ["lea0", "lea1", "max", "lea2"]

    asyncio.run(check())


def test_groups_take_turns_however_many_wait_in_one():
    async def check():
        calls = Calls(FairQueue(at_once=1))
        await calls.start("acme", "first")
        for number in range(3):
            await calls.start("acme", f"a{number}")
        await calls.start("other", "b0")
        for name in ("first", "a0", "b0", "a1"):
            await calls.end(name)
        assert calls.began == ["first", "a0", "b0", "a1", "a2"]

    asyncio.run(check())


def test_a_caller_who_has_too_many_waiting_is_refused_at_once():
    async def check():
        calls = Calls(FairQueue(at_once=10, per_caller=2))
        for number in range(18):
            await calls.start("acme", "lea", f"lea{number}")
        with pytest.raises(Busy):
            await calls.queue.enter("acme", "lea")
        await calls.queue.enter("acme", "max")

    asyncio.run(check())


def test_a_call_whose_turn_does_not_come_in_time_is_refused_and_its_place_goes_to_the_next():
    async def check():
        queue = FairQueue(at_once=1, patience=0.01)
        await queue.enter("acme", "first")
        with pytest.raises(Busy) as error:
            await queue.enter("acme", "second")
        assert error.value.seconds == 2
        queue.leave("first")
        await queue.enter("acme", "third")

    asyncio.run(check())


@pytest.mark.parametrize("is_noticed", [True, False])
def test_a_call_that_is_given_up_while_it_waits_takes_no_place(is_noticed):
    async def check():
        calls = Calls(FairQueue(at_once=1))
        for name in "abc":
            await calls.start("acme", name)
        calls.tasks["b"][0].cancel()
        if is_noticed:  # else a place is free in the same moment
            await settle()
        await calls.end("a")
        assert calls.began == ["a", "c"]
        await calls.end("c")
        await calls.queue.enter("acme", "d")

    asyncio.run(check())


class Clock:
    """A clock that stands still until it is told to go on."""

    seconds = 0.0

    def __call__(self):
        return self.seconds


async def crowded(at_once=4):
    """Return calls to a queue in which overload lasts, of one organization, and their clock."""
    clock = Clock()
    calls = Calls(FairQueue(at_once=at_once, clock=clock))
    for number in range(at_once + MANY + 40):
        await calls.start("acme", f"early{number}")
    together = 0
    for _ in range(40):
        clock.seconds += 0.01
        before = len(calls.refused)
        await calls.end(calls.began.pop(0))
        together = max(together, len(calls.refused) - before)
        await calls.start("acme", f"more{len(calls.tasks)}")
    assert together == 8
    return calls, clock


def test_many_who_come_at_once_after_a_silence_are_all_served_also_after_a_pause():
    async def check():
        for pause in (0.0, 0.3, 2.0):
            clock = Clock()
            calls = Calls(FairQueue(at_once=8, clock=clock))
            names = [f"{learner} {number}" for number in range(6) for learner in range(50)]
            for name in names:
                await calls.start("acme", name.split()[0], name)
            clock.seconds += pause
            ended = 0
            while ended < len(calls.began):
                clock.seconds += 0.001
                await calls.end(calls.began[ended])
                ended += 1
            assert (sorted(calls.began), calls.refused) == (sorted(names), []), pause

    asyncio.run(check())


def test_while_many_wait_the_newest_is_next_and_else_the_oldest():
    async def check():
        calls = Calls(FairQueue(at_once=1))
        for number in range(MANY + 3):
            await calls.start("acme", f"c{number}")
        for _ in range(4):
            await calls.end(calls.began[-1])
        newest = [f"c{MANY + 2}", f"c{MANY + 1}"]
        assert calls.began == ["c0", *newest, "c1", "c2"]

    asyncio.run(check())


def test_while_overload_lasts_few_wait_and_who_comes_is_refused_at_once():
    async def check():
        calls, clock = await crowded()
        for _ in range(20):  # those who came before are refused in a few steps
            clock.seconds += 0.001
            await calls.end(calls.began.pop(0))
            await calls.start("acme", f"more{len(calls.tasks)}")
        waiting = [task for task, _ in calls.tasks.values() if not task.done()]
        assert len(waiting) == 2, "half as many as work"
        before = len(calls.refused)
        for number in range(30):
            await calls.start("acme", f"late{number}")
        assert calls.refused[before:] == [f"late{number}" for number in range(30)]
        assert len(calls.began) == 4

    asyncio.run(check())


def test_while_overload_lasts_another_organization_and_another_caller_get_their_turn():
    async def check():
        calls, clock = await crowded(at_once=12)
        for number in range(10):
            await calls.start("other", "lea", f"lea{number}")
        assert "lea0" not in calls.refused, "the longest line makes way"
        assert [name for name in calls.refused if name.startswith("lea")] == [
            f"lea{number}" for number in range(1, 10)
        ], "a caller has one call that waits"
        for _ in range(2):
            clock.seconds += 0.001
            await calls.end(calls.began.pop(0))
        assert "lea0" in calls.began
        calls.began.remove("lea0")
        await calls.end("lea0")
        await calls.start("other", "lea", "lea again")
        assert "lea again" not in calls.refused

    asyncio.run(check())


def test_after_overload_all_are_served_again():
    async def check():
        calls, clock = await crowded()
        while calls.began:
            clock.seconds += 0.001
            await calls.end(calls.began.pop(0))
        clock.seconds += 1.0
        calls.refused.clear()
        for number in range(100):
            await calls.start("acme", f"new{number}")
        while calls.began:
            clock.seconds += 0.001
            await calls.end(calls.began.pop(0))
        assert calls.refused == []

    asyncio.run(check())


def test_with_few_places_one_caller_does_not_have_all_of_them():
    async def check():
        calls = Calls(FairQueue(at_once=6))
        for number in range(6):
            await calls.start("acme", "lea", f"lea{number}")
        await calls.start("acme", "max")
        assert calls.began == ["lea0", "lea1", "lea2", "lea3", "max"]

    asyncio.run(check())
