"""Overload is told from a moment in which many come, and from a pause that is nobody's fault."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkthroughs.serving.overload import GRACE_SECONDS, MANY, Overload


class Serving:
    """A server that begins a call each millisecond of its own time, while calls come at a rate."""

    def __init__(self, waiting=0.0):
        self.overload, self.now, self.waiting, self.seen = Overload(), 0.0, waiting, False

    def serve(self, seconds, load, most=10_000, few=9):
        """Serve; *load* calls come for each that begins, and at most *most* wait.

        While overload lasts, *few* wait, and the others are refused.
        """
        for _ in range(int(seconds * 1000)):
            self.now += 0.001
            self.waiting = min(most, max(0.0, self.waiting + load - 1))
            while self.overload.lasts and self.waiting > few:
                self.waiting -= 1
                self.overload.call_refused(self.now)
            self.overload.call_begins(self.now, int(self.waiting))
            self.seen |= self.overload.lasts
        return self

    def pause(self, seconds, load):
        """Begin no call, while calls come."""
        self.now += seconds
        self.waiting += seconds * 1000 * load
        return self


def test_twice_the_load_is_overload_after_the_grace_and_ends_soon_after_the_load():
    serving = Serving().serve(GRACE_SECONDS, 2)
    assert not serving.seen
    assert serving.serve(0.1, 2).overload.lasts
    assert serving.serve(10, 2).overload.lasts
    assert not serving.serve(GRACE_SECONDS + serving.waiting / 500, 0.5).overload.lasts


def test_overload_lasts_while_few_may_wait():
    serving = Serving().serve(1, 2)
    assert serving.serve(5, 2, most=4).overload.lasts


@pytest.mark.parametrize("few", [1, 4, 9])
def test_overload_lasts_while_calls_are_refused_however_few_may_wait(few):
    serving = Serving().serve(1, 2)
    assert serving.serve(5, 2, few=few).overload.lasts
    assert serving.serve(5, 1.1, few=few).overload.lasts
    assert not serving.serve(1, 0.95, few=few).overload.lasts


def test_overload_lasts_where_all_that_wait_begin_in_one_moment():
    overload = Serving().serve(1, 2).overload
    for burst in range(200):
        overload.call_refused(1 + burst / 100)
        for waiting in (3, 2, 1, 0):
            overload.call_begins(1 + burst / 100 + 0.001, waiting)
        assert overload.lasts


def test_crowds_that_come_again_and_again_keep_up_no_overload():
    overload = Serving().serve(1, 2).overload
    for crowd in range(4):
        now = 1 + crowd / 5  # five a second, each of more calls than may wait
        for _ in range(20):
            overload.call_refused(now)
        for waiting in (3, 2, 1, 0, 0):
            overload.call_begins(now + 0.001, waiting)
    assert not overload.lasts


def test_a_pause_hides_no_overload_and_makes_none():
    serving = Serving().serve(0.1, 2).pause(2, 0.5).serve(5, 0.5)
    assert not serving.seen
    assert serving.pause(1, 0.5).serve(GRACE_SECONDS + 0.1, 1).overload.lasts


def test_so_many_connections_that_never_pause_are_no_overload_and_more_are():
    assert not Serving().serve(20, 2, most=MANY).seen
    assert Serving().serve(20, 2, most=MANY + 1).seen


@given(st.lists(st.floats(0.02, 3.0), max_size=4), st.floats(0.0, 0.7))
def test_a_pause_with_what_came_meanwhile_is_no_overload(pauses, load):
    serving = Serving()
    for seconds in pauses:
        serving.pause(seconds, load).serve(seconds + 1, load)
    assert not serving.seen


@given(st.integers(0, 2000), st.floats(0.0, 0.7))
def test_many_who_come_at_once_are_no_overload(many, load):
    assert not Serving(waiting=many * (1 - load)).serve(2, load).seen
    busy = Serving().serve(1, 0.9)
    busy.waiting += many
    assert not busy.serve(2, load).seen


@given(st.lists(st.tuples(st.floats(0, 0.05), st.integers(0, MANY)), max_size=300))
def test_while_no_more_than_many_wait_it_never_begins(begins):
    overload, now = Overload(), 0.0
    for passed, waiting in begins:
        now += passed
        overload.call_begins(now, waiting)
        assert not overload.lasts
