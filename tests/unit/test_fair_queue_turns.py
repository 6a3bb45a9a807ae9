"""Turns that come in the moment in which something else happens, and what a queue has by itself."""

import asyncio

import pytest

from tests.unit.test_fair_queue import Calls, Clock, settle
from walkthroughs.serving.fair_queue import Busy, FairQueue


def test_sixteen_calls_work_of_one_caller_eight_and_sixty_four_wait():
    async def check():
        calls = Calls(FairQueue())
        for number in range(73):
            await calls.start("acme", "lea", f"lea{number}")
        assert (len(calls.began), calls.refused) == (8, ["lea72"])
        for number in range(9):
            await calls.start("acme", f"max{number}")
        assert len(calls.began) == 16

        calls = Calls(FairQueue(at_once=1))
        for number in range(10):
            await calls.start("acme", "lea", f"lea{number}")
        assert (calls.began, calls.refused) == (["lea0"], ["lea9"])

    asyncio.run(check())


def test_a_group_whose_callers_have_all_they_may_have_is_passed_over():
    async def check():
        calls = Calls(FairQueue(at_once=2, per_caller=1))
        for group, caller, name in [
            ("acme", "lea", "lea0"), ("other", "max", "max0"), ("acme", "lea", "lea1"),
            ("other", "eva", "eva0"),
        ]:  # fmt: skip
            await calls.start(group, caller, name)
        await calls.end("max0")
        assert calls.began == ["lea0", "max0", "eva0"]

    asyncio.run(check())


def test_a_group_that_waited_before_has_its_turn_behind_those_who_wait_already():
    async def check():
        calls = Calls(FairQueue(at_once=1))
        for group, caller in [("acme", "a0"), ("acme", "a1"), ("other", "b1"), ("other", "b2")]:
            await calls.start(group, caller)
        await calls.end("a0")
        await calls.start("third", "c1")
        await calls.start("acme", "a2")
        for name in ("a1", "b1", "c1"):
            await calls.end(name)
        assert calls.began == ["a0", "a1", "b1", "c1", "a2"]

    asyncio.run(check())


def test_a_call_that_is_given_up_as_its_turn_comes_gives_the_turn_to_the_next():
    async def check():
        calls = Calls(FairQueue(at_once=1))
        for name in "abc":
            await calls.start("acme", name)
        calls.queue.leave("a")
        calls.tasks["b"][0].cancel()
        await settle()
        assert calls.began == ["a", "c"]

    asyncio.run(check())


def test_a_call_whose_time_is_over_as_its_turn_comes_or_as_it_is_given_up_counts_once():
    async def check():
        loop, errors = asyncio.get_running_loop(), []
        loop.set_exception_handler(lambda _, context: errors.append(context))
        queue = FairQueue(at_once=1, patience=0)
        await queue.enter("acme", "first")
        second = asyncio.create_task(queue.enter("acme", "second"))
        await asyncio.sleep(0)
        loop.call_soon(queue.leave, "first")  # the time of the second is over just after that
        await second

        third = asyncio.create_task(queue.enter("acme", "third"))
        await asyncio.sleep(0)
        loop.call_later(0, third.cancel)  # just after its time is over
        await asyncio.wait([third])
        assert third.cancelled()
        with pytest.raises(Busy):
            await queue.enter("acme", "fourth")
        queue.leave("second")
        await queue.enter("acme", "fifth")
        assert errors == []

    asyncio.run(check())


def test_one_caller_with_many_calls_makes_no_overload_while_places_are_free():
    async def check():
        clock = Clock()
        calls = Calls(FairQueue(at_once=24, clock=clock))
        names = [f"lea{number}" for number in range(72)]
        for name in names:
            await calls.start("acme", "lea", name)
        for ended in range(72):
            clock.seconds += 0.015
            await calls.end(calls.began[ended])
        assert (sorted(calls.began), calls.refused) == (sorted(names), [])

    asyncio.run(check())
