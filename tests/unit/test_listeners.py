"""Who waits for changes is told of each, once, in bounded room."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkthroughs.events.announcements import ANY, EVERYTHING, parse
from walkthroughs.metrics import Metrics
from walkthroughs.serving.listeners import MOST_IDS, Listeners, TooManyListeners

IDS = st.text("abc_1", min_size=1, max_size=3)


def run(work, **bounds):
    async def inside():
        return await work(Listeners(Metrics(), **bounds))

    return asyncio.run(inside())


def words(announced):
    return ",".join(
        org if row == ANY else f"{org}:{row}" for org, rows in announced.items() for row in rows
    )


@given(st.dictionaries(IDS, st.frozensets(IDS | st.just(ANY), min_size=1), max_size=4))
def test_an_announcement_is_read_as_it_was_written(announced):
    assert parse(words(announced)) == announced


@given(st.text())
def test_any_notification_is_read_as_something(payload):
    assert all(rows for rows in parse(payload).values())


@given(st.lists(st.tuples(st.sampled_from(["acme", "other", ANY]), IDS), max_size=12))
def test_a_listener_is_told_what_concerns_its_organization_and_nothing_else(changes):
    async def told(listeners):
        with listeners.listener("acme", "ann") as listener:
            for organization_id, row in changes:
                listeners.announce({organization_id: frozenset({row})})
            return await listener.changes(0.001)

    assert run(told) == sorted({row for org, row in changes if org != "other"})


def test_many_changes_become_one_that_says_anything_may_have_changed():
    async def told(listeners):
        with listeners.listener("acme", "ann") as listener:
            for number in range(MOST_IDS + 1):
                listeners.announce({"acme": frozenset({f"wt_{number}"})})
            return [await listener.changes(0.001), await listener.changes(0.001)]

    assert run(told) == [[ANY], []]


def test_who_comes_just_after_a_change_is_told_at_once():
    async def told(listeners):
        listeners.announce({"acme": frozenset({"wt_1"})})
        heard = []
        for organization_id in ("acme", "other"):
            with listeners.listener(organization_id, "ann") as listener:
                heard.append(await listener.changes(0.001))
        listeners.announce(EVERYTHING)
        with listeners.listener("other", "ann") as listener:
            return [*heard, await listener.changes(0.001)]

    assert run(told) == [[ANY], [], [ANY]]


def test_a_member_and_a_process_have_a_bound_and_room_again_when_one_leaves():
    async def statuses(listeners):
        found = []

        def come(member):
            try:
                stack.enter_context(listeners.listener("acme", member))
                found.append(200)
            except TooManyListeners as refused:
                found.append(refused.status)

        with ExitStack() as stack:
            for member in ("ann", "ann", "ann", "bob", "eve"):
                come(member)
        with ExitStack() as stack:
            come("ann")
        return found

    assert run(statuses, most=3, most_of_one=2) == [200, 200, 429, 200, 503, 200]


def test_at_the_end_all_listeners_go_at_once_and_nobody_comes():
    async def end(listeners):
        with listeners.listener("acme", "ann") as listener:
            waiting = asyncio.ensure_future(listener.changes(60))
            await asyncio.sleep(0)
            listeners.end_all()
            assert (await waiting, listener.has_ended) == ([], True)
        with (
            pytest.raises(TooManyListeners, match="restarted"),
            listeners.listener("acme", "ann"),
        ):
            pass

    run(end)
