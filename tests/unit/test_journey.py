"""The laws of a learner's place, over any history of edits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkthroughs.learning import position
from walkthroughs.learning.position import StepLineage, StepRef

NAMES = st.sampled_from("abcdefgh")
ORDERS = st.lists(NAMES, unique=True, max_size=8)


def step_refs(order, rows=None):
    return tuple(StepRef((rows or {}).get(name, f"ws_{name}"), name) for name in order)


def test_a_live_uncompleted_step_is_the_place():
    order = step_refs("abc")

    assert position.current_step("ws_b", {"ws_a"}, last_seen=order, live=order) == "ws_b"


def test_from_a_removed_step_the_first_survivor_behind_it_is_the_place():
    found = position.current_step(
        "ws_b", {"ws_a"}, last_seen=step_refs("abcd"), live=step_refs("adc")
    )

    assert found == "ws_c"


def test_with_nothing_left_behind_the_first_open_step_is_the_place():
    found = position.current_step(
        "ws_c", {"ws_c"}, last_seen=step_refs("abc"), live=step_refs("abx")
    )

    assert found == "ws_a"


def test_a_step_to_do_again_is_the_place_when_the_learner_stood_on_it():
    live = step_refs("abc", rows={"b": "ws_b2"})

    assert position.current_step("ws_b", {"ws_a"}, last_seen=step_refs("abc"), live=live) == "ws_b2"


def test_a_step_whose_author_gave_it_another_id_is_followed_by_its_row():
    live = (StepRef("ws_x", "x"), StepRef("ws_b", "new"))

    found = position.current_step("ws_a", set(), last_seen=step_refs("ab"), live=live)
    assert found == "ws_b"


def test_percent_is_full_only_when_nothing_is_left():
    assert position.percent_of(2, 3) == 66
    assert position.percent_of(3, 3) == 100
    assert position.percent_of(0, 0) == 0


def test_the_notice_is_net_and_says_where():
    assert position.change_notice(step_refs("ab"), step_refs("ab"), "ws_a") is None
    assert position.change_notice(step_refs("ab"), step_refs("xab"), "ws_a") == (
        "Changed since you were here: 1 step added before this one."
    )
    assert position.change_notice(step_refs("abc"), step_refs("cb"), "ws_b") == (
        "Changed since you were here: 1 step removed, steps reordered."
    )


def test_a_step_is_done_if_it_was_completed_before_it_moved_here():
    live = (StepRef("ws_a", "a"), StepRef("ws_b", "b", frozenset({"ws_x", "ws_y"})))

    assert position.completed_before_move({"ws_y", "ws_z"}, live) == {"ws_b"}
    assert position.completed_before_move({"ws_a", "ws_z"}, live) == set()


def moved_on(*, back=False):
    """A step that was x in A, then y in B, and perhaps x again."""
    return (
        StepLineage("x", "A", None if back else 1, frozenset({"y"} if back else ())),
        StepLineage("y", "B", 2 if back else None, frozenset({"x"})),
        StepLineage("own", "A", 3),
    )


def test_starting_over_forgets_the_steps_the_walkthrough_has_wherever_they_were_completed():
    done = {"x", "y", "own"}

    assert position.completions_to_remove("A", done, moved_on()) == {"own"}
    assert position.completions_to_remove("B", done, moved_on()) == {"x", "y"}
    assert position.completions_to_remove("A", done, moved_on(back=True)) == done
    assert position.completions_to_remove("B", done, moved_on(back=True)) == set()


def test_a_step_that_nobody_has_any_more_is_forgotten_where_it_was_last():
    gone = (StepLineage("x", "A", 1), StepLineage("y", "B", 2, frozenset({"x"})))

    assert position.completions_to_remove("A", {"x", "y"}, gone) == set()
    assert position.completions_to_remove("B", {"x", "y"}, gone) == {"x", "y"}


def test_a_step_that_two_walkthroughs_have_is_forgotten_by_the_one_that_is_started_over():
    both = (StepLineage("x", "A", None), StepLineage("y", "B", None, frozenset({"x"})))

    assert position.completions_to_remove("A", {"x"}, both) == {"x"}
    assert position.completions_to_remove("B", {"x"}, both) == {"x"}


@pytest.mark.parametrize("turn", [1, -1], ids=["oldest first", "newest first"])
def test_a_step_that_a_walkthrough_had_twice_is_its_own_until_it_left_for_the_last_time(turn):
    """Step x was in A until 1, in B until 2, and in A once more, as z, until 3."""
    holders = (
        StepLineage("x", "A", 1),
        StepLineage("y", "B", 2, frozenset({"x"})),
        StepLineage("z", "A", 3, frozenset({"x", "y"})),
    )[::turn]

    assert position.completions_to_remove("A", {"x", "y"}, holders) == {"x", "y"}
    assert position.completions_to_remove("B", {"x", "y"}, holders) == set()
    assert position.completions_to_remove("A", {"z"}, holders) == {"z"}


def test_of_two_others_the_one_that_had_the_step_last_keeps_it():
    holders = (
        StepLineage("x", "A", 2),
        StepLineage("y", "B", 3, frozenset({"x"})),
        StepLineage("z", "C", 1, frozenset({"x"})),
    )

    for order in (holders, holders[::-1]):
        assert position.completions_to_remove("A", {"x"}, order) == set()
        assert position.completions_to_remove("B", {"x"}, order) == {"x"}


@given(seen=ORDERS, live=ORDERS, done=st.sets(NAMES), current=NAMES)
def test_the_place_is_a_live_open_step_and_none_only_if_none_is_open(seen, live, done, current):
    completed = {f"ws_{name}" for name in done}
    still_open = [stop.id for stop in step_refs(live) if stop.id not in completed]
    found = position.current_step(
        f"ws_{current}", completed, last_seen=step_refs(seen), live=step_refs(live)
    )

    assert found in still_open if still_open else found is None


@given(live=ORDERS, done=st.sets(NAMES), current=NAMES)
def test_resolving_a_place_twice_gives_the_same_place(live, done, current):
    completed = {f"ws_{name}" for name in done}
    order = step_refs(live)
    once = position.current_step(f"ws_{current}", completed, last_seen=order, live=order)
    again = position.current_step(once or "", completed, last_seen=order, live=order)

    assert again == once


@given(live=ORDERS, done=st.sets(NAMES))
def test_going_on_visits_each_open_step_once_and_ends(live, done):
    completed = {f"ws_{name}" for name in done}
    order = step_refs(live)
    expected = {stop.id for stop in order} - completed
    visited = []
    here = position.current_step("", completed, last_seen=(), live=order)
    while here:
        visited.append(here)
        completed.add(here)
        here = position.next_open_step(here, completed, order)

    assert len(visited) == len(set(visited))
    assert set(visited) == expected
    done_at_last = len(completed & {stop.id for stop in order})
    assert position.percent_of(done_at_last, len(order)) == (100 if order else 0)
