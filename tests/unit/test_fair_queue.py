"""Callers and groups of callers take turns; what cannot be done in time is refused."""

import asyncio

import pytest

from walkthroughs.serving.fair_queue import Busy, FairQueue


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
        for number in range(19):
            await calls.start("acme", "lea", f"lea{number}")
        assert calls.refused == ["lea18"]
        with pytest.raises(Busy) as error:
            await calls.queue.enter("acme", "lea")
        assert error.value.seconds == 2
        await calls.queue.enter("acme", "max")
        await calls.end("lea0")
        assert calls.began == ["lea0", "lea1", "lea2"]
        for name in ("lea19", "lea20"):
            await calls.start("acme", "lea", name)
        assert calls.refused == ["lea18", "lea20"]

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


def test_a_call_that_is_given_up_while_it_waits_takes_no_place():
    async def check():
        calls = Calls(FairQueue(at_once=1))
        for name in "abc":
            await calls.start("acme", name)
        calls.tasks["b"][0].cancel()
        await settle()
        assert calls.began == ["a"]
        await calls.end("a")
        assert calls.began == ["a", "c"]
        await calls.end("c")
        await calls.queue.enter("acme", "d")

    asyncio.run(check())


def test_a_call_that_is_given_up_as_its_turn_comes_gives_the_place_back():
    async def check():
        calls = Calls(FairQueue(at_once=1))
        for name in "ab":
            await calls.start("acme", name)
        calls.queue.leave("a")
        calls.tasks["b"][0].cancel()
        await settle()
        await calls.start("acme", "c")
        assert calls.began == ["a", "c"]

    asyncio.run(check())


def test_sixteen_calls_are_worked_on_at_once_and_eight_of_one_caller():
    async def check():
        calls = Calls(FairQueue())
        for caller in ("lea", "max"):
            for number in range(9):
                await calls.start("acme", caller, f"{caller}{number}")
        await calls.start("acme", "ana")
        assert calls.began == [f"{who}{number}" for who in ("lea", "max") for number in range(8)]
        await calls.end("lea0")
        assert calls.began[16:] == ["lea8"]

    asyncio.run(check())


def test_what_is_too_much_counts_from_when_the_places_were_taken_and_spares_who_just_came():
    async def check():
        calls = Calls(FairQueue(at_once=1, grace=0.02, late=0.01, late_calls=0))
        for name in ("first", "a", "b", "c"):
            await calls.start("acme", name)
        await calls.end("first")
        await asyncio.sleep(0.03)
        await calls.end("a")
        assert (calls.began[-1], calls.refused[-1]) == ("c", "b")
        patient = Calls(FairQueue(at_once=1, grace=0, late=60, late_calls=0))
        for name in "abc":
            await patient.start("acme", name)
        await patient.end("a")
        assert (patient.began, patient.refused) == (["a", "b"], [])

    asyncio.run(check())


def test_while_too_much_is_to_do_for_long_those_who_waited_make_way_for_those_who_came():
    async def check():
        calls = Calls(FairQueue(at_once=1, grace=0.02, late=0.01, late_calls=0))
        await calls.start("acme", "first")
        for name in ("old1", "old2"):
            await calls.start("acme", name)
        await asyncio.sleep(0.03)  # longer than the grace; both are late
        await calls.start("acme", "new")
        await calls.end("first")
        assert calls.began == ["first", "new"]
        assert calls.refused == ["old1", "old2"]

    asyncio.run(check())


def test_many_who_come_at_once_are_all_served_within_the_grace():
    async def check():
        calls = Calls(FairQueue(at_once=2, grace=60, late=0, late_calls=0))
        names = [f"c{number}" for number in range(50)]
        for name in names:
            await calls.start("acme", name)
        for name in names:
            await calls.end(name)
        assert calls.began == names

    asyncio.run(check())


def test_a_free_place_in_between_does_not_end_what_is_too_much():
    async def check():
        calls = Calls(FairQueue(at_once=1, grace=0.05, late=0.01, late_calls=0))
        for name in ("a", "b", "c"):
            await calls.start("acme", name)
        await asyncio.sleep(0.06)
        await calls.end("a")  # b is late and refused, c begins, and nobody waits
        for name in ("d", "e"):
            await calls.start("acme", name)
        await asyncio.sleep(0.02)
        await calls.end("c")
        assert (calls.began, calls.refused) == (["a", "c", "e"], ["b", "d"])

    asyncio.run(check())


def test_a_wait_in_which_hardly_any_call_began_makes_none_late():
    async def check():
        calls = Calls(FairQueue(at_once=1, grace=0.01, late=0.01, late_calls=2))
        for name in ("first", "a", "b", "c", "d"):
            await calls.start("acme", name)
        await asyncio.sleep(0.03)  # a disk that stalls
        for name in ("first", "a"):
            await calls.end(name)
        assert (calls.began, calls.refused) == (["first", "a", "b"], [])
        await calls.end("b")
        assert (calls.began, calls.refused) == (["first", "a", "b", "d"], ["c"])

    asyncio.run(check())


def test_after_a_while_without_late_calls_the_grace_begins_anew():
    async def check():
        calls = Calls(FairQueue(at_once=1, grace=0.02, late=0, late_calls=0))
        for name in "ab":
            await calls.start("acme", name)
        await asyncio.sleep(0.03)
        for name in "ab":
            await calls.end(name)  # nobody waits any more
        await asyncio.sleep(0.05)
        for name in "cde":
            await calls.start("acme", name)
        await calls.end("c")
        assert calls.began == ["a", "b", "c", "d"], "e waits its turn, and d is not refused"

    asyncio.run(check())


def test_a_caller_with_a_part_of_the_places_does_not_make_it_too_much():
    async def check():
        calls = Calls(FairQueue(at_once=10, per_caller=1, grace=0, late=0, late_calls=0))
        for number in range(3):
            await calls.start("acme", "lea", f"lea{number}")
        await asyncio.sleep(0.01)
        await calls.end("lea0")
        await calls.end("lea1")
        assert calls.began == ["lea0", "lea1", "lea2"]

    asyncio.run(check())
