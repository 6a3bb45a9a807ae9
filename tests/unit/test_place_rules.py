"""What one call does to a learner's place: what is completed, where they are, and what is told."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkthroughs.learning.place_rules import NOT_CURRENT_STEP, CurrentStep, Place, move
from walkthroughs.learning.position import StepRef

NOW, CURRENT = 1_000_000, CurrentStep()
A, B, C, D = (StepRef(name, f"author-{name}") for name in "abcd")
HERE = Place("b", frozenset("a"), 1, shown_at=NOW - 5_000)


def moved(place=HERE, completing=None, *, version=1, last_seen=(A, B, C), live=(A, B, C), pace=0):
    found = move(
        place, version, last_seen=last_seen, live=live, completing=completing, now=NOW,
        pace_seconds=pace,
    )  # fmt: skip
    notices = [line for line in found.notices if line]
    return found.current, "".join(sorted(found.completed)), found.done, found.is_finished, notices


def test_a_call_completes_the_step_that_was_shown_and_no_other():
    assert moved() == ("b", "a", None, False, [])
    assert moved(completing=CURRENT) == ("c", "ab", "b", False, [])
    assert moved(completing="b") == ("c", "ab", "b", False, [])
    for wrong in ("a", "c", "x"):
        assert moved(completing=wrong) == ("b", "a", None, False, [NOT_CURRENT_STEP])
    done = replace(HERE, completed=frozenset("ab"))
    assert moved(done, completing="b") == ("c", "ab", None, False, [NOT_CURRENT_STEP])
    assert moved(done, completing=CURRENT) == ("c", "ab", None, False, [])
    last = replace(HERE, step_id="c", completed=frozenset("ab"))
    assert moved(last, completing=CURRENT) == (None, "abc", "c", True, [])


def test_who_has_finished_is_told_of_new_steps_only_and_stays_finished():
    place = Place("c", frozenset("abc"), 1, is_finished=True)
    grown = {"version": 2, "live": (A, B, C, D)}

    assert moved(place) == (None, "abc", None, True, [])
    assert moved(place, completing="c") == (None, "abc", None, True, [NOT_CURRENT_STEP])
    assert moved(place, **grown) == ("d", "abc", None, True, ["1 new step since you finished."])
    assert moved(place, completing="d", **grown)[:4] == (None, "abcd", "d", True)
    # Not finished: the same is told as a change.
    lines = moved(replace(place, is_finished=False), **grown)[4]
    assert len(lines) == 1
    assert "1 step added" in lines[0]
    assert moved(place, version=2, live=(A, B))[4] != []


def test_a_change_is_told_once_with_the_version_that_brought_it():
    assert moved(live=(A, B, D, C))[4] == []
    [line] = moved(live=(A, B, D, C), version=2)[4]
    assert "1 step added after this one" in line
    assert moved(version=2)[4] == []


def test_a_step_that_vanished_is_completed_and_the_next_one_is_shown_first():
    gone = {"version": 2, "live": (A, C, D)}
    assert moved(completing="b", **gone)[:4] == ("c", "ab", "b", False)
    assert moved(completing=CURRENT, **gone)[:4] == ("c", "ab", "b", False)
    # Even at once: nobody can take their time for it any more.
    assert moved(completing="b", pace=60, **gone)[:4] == ("c", "ab", "b", False)
    # A step that came from elsewhere, of which this one was the earlier place, is done with it.
    moved_here = replace(D, predecessor_ids=frozenset("b"))
    assert moved(completing="b", live=(A, moved_here, C), version=2)[:3] == ("c", "abd", "b")


@pytest.mark.parametrize("completing", ["b", CURRENT])
def test_a_step_that_is_completed_too_soon_stays_and_says_why(completing):
    found = move(
        HERE, 1, last_seen=(A, B, C), live=(A, B, C), completing=completing, now=NOW,
        pace_seconds=6,
    )  # fmt: skip
    assert (found.current, found.completed, found.done) == ("b", frozenset("a"), "b")
    assert found.is_hurried
    assert not found.is_finished
    assert "shown 5 seconds ago" in next(line for line in found.notices if line)

    assert moved(completing=completing, pace=5)[:3] == ("c", "ab", "b")
    assert moved(pace=6) == ("b", "a", None, False, [])
    assert moved(completing="c", pace=6) == ("b", "a", None, False, [NOT_CURRENT_STEP])


@given(
    st.lists(st.sampled_from((A, B, C, D)), unique=True),
    st.lists(st.sampled_from((A, B, C, D)), unique=True),
    st.sampled_from("abcd"),
    st.frozensets(st.sampled_from("abcd")),
    st.sampled_from([None, CURRENT, *"abcd"]),
    st.booleans(),
)
def test_nothing_completed_is_lost_and_at_most_the_shown_step_is_added(
    last_seen, live, step, completed, completing, is_finished
):
    place = Place(step, completed, 1, is_finished)
    found = move(place, 2, last_seen=last_seen, live=live, completing=completing, now=NOW)

    added = found.completed - completed
    assert completed <= found.completed
    assert added == ({found.done} if found.done else set())
    assert found.current is None or found.current in {each.id for each in live} - found.completed
    assert (found.current is None) == ({each.id for each in live} <= found.completed)
    assert found.is_finished == (is_finished or found.current is None)
    assert (NOT_CURRENT_STEP in found.notices) == (completing in set("abcd") - {found.done})
