"""A step that moves to another walkthrough takes completions along, if its author records it."""

import pytest

from tests.moving_source import synced
from walkthroughs.enums import ProgressStatus

__all__ = ["synced"]


def test_a_recorded_step_is_done_where_it_is_now(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["b1", "login", "b2"], ("aa/a1", "login")))

    assert synced.done("bb") == ["Login"]
    assert synced.look("bb").status is ProgressStatus.NOT_STARTED
    synced.complete("bb", "B1", "B2")
    assert synced.open("bb").progress.status is ProgressStatus.COMPLETED
    assert synced.done("aa") == []
    assert synced.open("aa").step.title == "A2"


@pytest.mark.parametrize("names", [("aa", "bb"), ("zz", "bb")])
def test_the_other_walkthrough_may_be_read_before_or_after(synced, names):
    giving, taking = names
    synced.edit(**{giving: (["x1", "x2"],)})
    synced.complete(giving, "X1")
    synced.edit(**{giving: (["x2"],), taking: (["b1", "x1"], (f"{giving}/x1", "x1"))})

    assert synced.done(taking) == ["X1"]


def test_an_unrecorded_step_is_a_new_one_and_nothing_is_lost_where_it_was(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"],))
    assert synced.done("bb") == []
    synced.edit(aa=(["a1", "a2", "a3"],), bb=(["b1"],))

    assert synced.done("aa") == ["A1"]


def test_a_record_that_comes_after_the_step_changes_nothing(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"],))
    run = synced.edit(bb=(["a1", "b1"], ("aa/a1", "a1")))
    assert run.plan.changes == ()
    synced.edit(bb=(["b1", "a1"], ("aa/a1", "a1")))

    assert synced.done("bb") == []


def test_a_learner_on_the_way_is_led_past_the_step_that_came(synced):
    synced.open("bb")
    synced.edit(aa=(["a2", "a3"],), bb=(["b1", "login", "b2"], ("aa/a1", "login")))
    view = synced.next(synced.rows()["bb", "b1"])

    assert view.step.title == "B2"
    assert view.notice == "Changed since you were here: 1 step added before this one."
    assert (view.progress.completed_steps, view.progress.total_steps) == (2, 3)


def test_a_finished_learner_is_not_asked_for_what_they_did_elsewhere(synced):
    synced.complete("bb", "B1", "B2")
    synced.edit(aa=(["a3"],), bb=(["b1", "b2", "a1", "a2"], ("aa/a1", "a1"), ("aa/a2", "a2")))
    view = synced.open("bb")

    assert view.step.title == "A2"
    assert "1 new step since you finished." in view.notice
    assert view.progress.status is ProgressStatus.COMPLETED


def test_steps_that_swap_walkthroughs_take_their_completions_along(synced):
    synced.complete("bb", "B1")
    synced.edit(
        aa=(["b1", "a2", "a3"], ("bb/b1", "b1")),
        bb=(["a1", "b2"], ("aa/a1", "a1")),
    )
    assert (synced.done("aa"), synced.done("bb")) == (["B1"], ["A1"])
    synced.edit(
        aa=(["a1", "a2", "a3"], ("bb/b1", "b1"), ("bb/a1", "a1")),
        bb=(["b1", "b2"], ("aa/a1", "a1"), ("aa/b1", "b1")),
    )

    assert (synced.done("aa"), synced.done("bb")) == (["A1"], ["B1"])


def test_a_step_done_while_it_was_away_is_done_when_it_is_back(synced):
    synced.edit(aa=(["a1", "a3"],), bb=(["a2", "b1"], ("aa/a2", "a2")))
    synced.complete("bb", "A2")
    synced.edit(aa=(["a1", "a2", "a3"], ("bb/a2", "a2")), bb=(["b1"], ("aa/a2", "a2")))

    assert synced.done("aa") == ["A1", "A2"]
    assert synced.open("aa").step.title == "A3"


def test_a_step_done_while_it_was_away_is_done_when_it_is_back_by_another_id(synced):
    synced.open("aa")
    synced.edit(aa=(["a1", "a3"],), bb=(["b0", "b1"], ("aa/a2", "b0")))
    synced.complete("bb", "B0")
    synced.edit(aa=(["a1", "a9", "a3"], ("bb/b0", "a9")), bb=(["b1"], ("aa/a2", "b0")))

    assert synced.done("aa") == ["A1", "A9"]
    assert synced.open("aa").step.title == "A3"


def test_along_a_chain_nobody_needs_to_have_opened_what_is_between(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["y1", "b1"], ("aa/a1", "y1")))
    synced.edit(bb=(["b1"], ("aa/a1", "y1")), cc=(["z1", "c1"], ("bb/y1", "z1")))

    assert synced.done("cc") == ["Z1"]
    assert synced.open("cc").step.title == "C1"


def test_moves_between_two_looks_at_the_repository_are_followed_through_their_records(synced):
    synced.edit(
        aa=(["a3", "a2"], ("a1", "first")),
        bb=(["b1"], ("aa/first", "y1"), ("y1", "y2")),
        cc=(["z1", "c1"], ("bb/y2", "z1")),
    )

    assert synced.done("cc") == ["Z1"]


def test_a_step_renamed_after_it_came_is_still_the_same(synced):
    records = [("aa/a1", "y1"), ("y1", "y2")]
    synced.edit(aa=(["a2", "a3"],), bb=(["y1", "b1"], *records[:1]))
    synced.edit(bb=(["y2", "b1"], *records))

    assert synced.done("bb") == ["Y2"]


def test_a_new_walkthrough_may_be_made_of_the_steps_of_an_old_one(synced):
    synced.edit(aa=(["a3"],), cc=(["a1", "a2"], ("aa/a1", "a1"), ("aa/a2", "a2")))

    assert synced.done("cc") == ["A1"]


def test_a_walkthrough_may_go_away_into_another(synced):
    synced.drop("aa")
    synced.edit(bb=(["b1", "b2", "a1"], ("aa/a1", "a1")))

    assert synced.done("bb") == ["A1"]


def test_a_walkthrough_that_comes_back_gets_the_completions_of_its_steps_back(synced):
    synced.edit(aa=(["a1", "a2", "a3", "b1"], ("bb/b1", "b1")), cc=(["c1"],))
    synced.drop("bb")
    synced.sync()
    synced.complete("aa", "A2", "A3", "B1")
    synced.edit(aa=(["a1", "a2", "a3"], ("bb/b1", "b1")), bb=(["b1", "b2"], ("aa/b1", "b1")))

    assert synced.done("bb") == ["B1"]
