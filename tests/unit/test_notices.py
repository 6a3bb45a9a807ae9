"""What a learner is told when content or their pace makes a difference."""

import pytest

from walkthroughs.content.wording import count_of
from walkthroughs.learning import pace, position
from walkthroughs.learning.position import StepRef


def refs(names, rows=None):
    return tuple(StepRef((rows or {}).get(name, f"ws_{name}"), name) for name in names)


CHANGES = {
    "nothing": ("abc", "abc", "b", {}, None),
    "one after": ("abc", "abxc", "b", {}, "1 step added after this one"),
    "two after": ("abc", "abcxy", "b", {}, "2 steps added after this one"),
    "one before": ("abc", "axbc", "b", {}, "1 step added before this one"),
    "around": ("abc", "xabcy", "b", {}, "2 steps added"),
    "the place itself is new": ("a", "axb", "x", {}, "2 steps added"),
    "only the place itself is new": ("a", "ax", "x", {}, "1 step added"),
    "before a learner who has finished": ("abc", "xabc", None, {}, "1 step added"),
    "one removed": ("abc", "ac", "a", {}, "1 step removed"),
    "two removed": ("abc", "a", "a", {}, "2 steps removed"),
    "one to do again": ("abc", "abc", "a", {"c": "ws_c2"}, "1 step to do again"),
    "two to do again": ("abc", "abc", "a", {"b": "ws_b2", "c": "ws_c2"}, "2 steps to do again"),
    "another order": ("abc", "acb", "a", {}, "steps reordered"),
    "all of it": (
        "abcd",
        "acbx",
        "a",
        {"b": "ws_b2"},
        "1 step added after this one, 1 step removed, 1 step to do again, steps reordered",
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_since_the_last_visit_is_told_in_one_line(case):
    before, after, current, rows, told = CHANGES[case]
    notice = position.change_notice(
        refs(before), refs(after, rows), None if current is None else f"ws_{current}"
    )

    assert notice == (told and f"Changed since you were here: {told}.")


def test_added_steps_are_not_told_twice_to_who_is_told_of_the_steps_that_are_left():
    told = position.change_notice(refs("ab"), refs("bcd"), "ws_c", tells_added=False)
    assert told == "Changed since you were here: 1 step removed."
    assert position.change_notice(refs("ab"), refs("abcd"), "ws_c", tells_added=False) is None


@pytest.mark.parametrize(
    ("done", "told"),
    [
        ("abc", None),
        ("ab", "1 new step since you finished."),
        ("a", "2 new steps since you finished."),
    ],
)
def test_who_had_finished_is_told_of_the_steps_that_are_left(done, told):
    assert position.new_steps_notice({f"ws_{name}" for name in done}, refs("abc")) == told


@pytest.mark.parametrize(
    ("step", "done", "after"),
    [
        ("b", "b", "c"),
        ("a", "ab", "c"),
        ("c", "c", "a"),
        ("c", "ac", "b"),
        ("x", "", "a"),
        ("x", "a", "b"),
        ("b", "abc", None),
    ],
)
def test_the_next_open_step_is_behind_the_one_that_is_done_or_else_the_first(step, done, after):
    found = position.next_open_step(f"ws_{step}", {f"ws_{name}" for name in done}, refs("abc"))

    assert found == (after and f"ws_{after}")


@pytest.mark.parametrize(
    ("waited", "told"),
    [
        (-5000, "0 seconds"),
        (0, "0 seconds"),
        (999, "0 seconds"),
        (1000, "1 second"),
        (1999, "1 second"),
        (2000, "2 seconds"),
    ],
)
def test_a_call_that_comes_too_soon_is_told_how_long_ago_the_step_was_shown(waited, told):
    assert f"this step was shown {told} ago" in pace.hurried_notice(10_000, 10_000 + waited)


def test_a_number_has_the_noun_and_the_verb_that_fit_it():
    assert count_of(0, "step") == "0 steps"
    assert count_of(1, "step") == "1 step"
    assert count_of(2, "learner", "is are") == "2 learners are"
    assert count_of(1, "learner", "is are") == "1 learner is"


@pytest.mark.parametrize(
    ("done", "total", "percent"),
    [(0, 0, 0), (0, 3, 0), (1, 3, 33), (2, 3, 66), (3, 3, 100), (199, 200, 99)],
)
def test_percent_is_rounded_down(done, total, percent):
    assert position.percent_of(done, total) == percent
