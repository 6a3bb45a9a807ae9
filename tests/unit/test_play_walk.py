"""A play-through shows each step that is open once, and ends."""

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import content, step
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning.play_through import (
    Returning,
    about_tokens,
    answer_to,
    play,
    step_bodies,
    taught,
    view_at,
)

_NAMES = tuple("abcdefgh")
_STEPS = st.lists(st.tuples(st.sampled_from(_NAMES), st.integers(1, 2)), min_size=1, unique_by=lambda each: each[0])  # fmt: skip


def made(steps):
    return content(steps=tuple(step(name, revision=revision) for name, revision in steps))


@given(_STEPS)
def test_someone_new_is_shown_all_steps_in_order(steps):
    calls = list(play(made(steps), "wt_1", 3))

    assert [call.step_id for call in calls] == [*(name for name, _ in steps), None]
    assert [call.tool for call in calls[:2]] == ["select_walkthrough", "next_walkthrough_step"]
    assert calls[-1].is_finished


@given(_STEPS, _STEPS, st.data())
def test_someone_returning_is_shown_each_step_that_they_have_not_done_once(before, now, data):
    stood = data.draw(st.sampled_from([*(name for name, _ in before), None]))
    names = [name for name, _ in before]
    done = set(before[: names.index(stood)] if stood else before)
    returning = Returning(made(before), 2, stood)
    calls = list(play(made(now), "wt_1", 3, returning=returning))

    shown = [call.step_id for call in calls[:-1]]
    assert sorted(shown) == sorted(name for name, revision in now if (name, revision) not in done)
    last = answer_to(calls[-1], taught(made(now), "wt_1", 3))
    assert (last.step, last.progress.percent) == (None, 100)
    assert all(call.is_finished for call in calls) or stood is not None


def test_a_step_is_shown_as_to_who_has_done_those_before_it_and_behind_the_last_nothing():
    three = content("one", "two", "three")
    for position, step_id, done, status in (
        (1, "one", 0, ProgressStatus.IN_PROGRESS),
        (3, "three", 2, ProgressStatus.IN_PROGRESS),
        (4, None, 3, ProgressStatus.COMPLETED),
    ):
        view = view_at(three, "wt_1", 7, position)
        assert (view.walkthrough.id, view.walkthrough.version) == ("wt_1", 7)
        assert (view.step and (view.step.id, view.step.position)) == (
            step_id and (step_id, position)
        )
        facts = view.progress
        assert (facts.completed_steps, facts.total_steps, facts.status) == (done, 3, status)
    assert [(each.id, each.position) for each in step_bodies(three.steps)][1:] == [
        ("two", 2),
        ("three", 3),
    ]
    assert [about_tokens("x" * letters) for letters in (0, 1, 4, 5, 20)] == [0, 1, 1, 2, 5]
