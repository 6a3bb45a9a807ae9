"""A step that moved is forgotten for good, wherever it was completed."""

from dataclasses import replace

import pytest

from tests.builders import server
from tests.moving_source import start_over, synced
from walkthroughs.enums import ProgressStatus
from walkthroughs.errors import NothingStarted, StepNotFound
from walkthroughs.models import WalkthroughProgress
from walkthroughs.publishing import assignments

__all__ = ["synced"]


@pytest.mark.parametrize("again", ["reset", "restart"])
def test_starting_over_where_the_step_is_now_forgets_it_for_good(synced, again):
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"], ("aa/a1", "a1")))
    synced.open("bb")
    start_over(synced, "bb", again)

    assert synced.done("bb") == []
    assert synced.open("bb").step.title == "A1"
    synced.edit(bb=(["b1", "a1"], ("aa/a1", "a1")))
    assert synced.done("bb") == []
    synced.edit(aa=(["a1", "a2", "a3"], ("bb/a1", "a1")), bb=(["b1"],))
    assert synced.done("aa") == []


def test_a_step_that_is_gone_everywhere_is_forgotten_where_it_was_last(synced):
    """It went from aa to bb and to cc, which lost it before bb was archived as a whole."""
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"], ("aa/a1", "a1")))
    synced.edit(bb=(["b1"],), cc=(["a1", "c1"], ("bb/a1", "a1")))
    synced.edit(cc=(["c1"],))
    assert synced.completed() == {("aa", "a1")}
    synced.reset("bb")
    synced.reset("aa")
    assert synced.completed() == {("aa", "a1")}
    synced.drop("bb")
    synced.edit()
    synced.reset("cc")

    assert synced.completed() == set()


def test_a_step_leaves_a_walkthrough_when_that_is_archived_as_a_whole(synced):
    """It went from aa to bb, came to cc when bb was gone, and left that, too."""
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"], ("aa/a1", "a1")))
    synced.drop("bb")
    synced.edit()
    synced.edit(cc=(["a1", "c1"], ("bb/a1", "a1")))
    synced.edit(cc=(["c1"],))
    synced.reset("aa")
    assert synced.completed() == {("aa", "a1")}
    synced.reset("cc")

    assert synced.completed() == set()


@pytest.mark.parametrize("again", ["reset", "restart"])
@pytest.mark.parametrize("opened", [True, False])
def test_starting_over_where_the_step_was_leaves_it_done_where_it_is(synced, again, opened):
    synced.complete("aa", "A2")
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"], ("aa/a1", "a1")))
    if opened:
        synced.open("bb")
    start_over(synced, "aa", again)
    start_over(synced, "aa", again)

    assert synced.done("aa") == []
    assert synced.done("bb") == ["A1"]
    assert synced.open("bb").step.title == "B1"
    assert synced.open("aa").step.title == "A2"
    synced.complete("aa", "A2")
    assert synced.done("aa") == ["A2"]


def test_after_a_reset_that_left_something_the_walkthrough_counts_as_not_started(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"], ("aa/a1", "a1")))
    synced.open("aa")
    synced.reset("aa")

    assert synced.look("aa").status is ProgressStatus.NOT_STARTED
    with pytest.raises(StepNotFound):
        synced.next(synced.rows()["aa", "a2"])
    with pytest.raises(NothingStarted):
        synced.next(None)

    row, owner = synced.row("aa").id, synced.caller.organization_id
    with synced.database.transaction() as session:
        other = server(session, owner, "other").id
        assignments.assign(session, owner, other, [row])
    synced.caller = replace(synced.caller, server_id=other)
    synced.open("aa")
    with synced.database.transaction() as session:
        places = session.query(WalkthroughProgress.mcp_server_id).filter_by(walkthrough_id=row)
        assert places.scalar() == other, "it was begun there, and is counted there"


def test_a_step_forgotten_where_it_is_now_is_not_done_again_by_going_on_where_it_was(synced):
    synced.complete("aa", "A2", "A3")
    synced.edit(aa=(["a1", "a2"],), bb=(["b1", "a3"], ("aa/a3", "a3")))
    synced.reset("bb")
    view = synced.next(None)

    assert (view.walkthrough.id, view.step) == (synced.row("aa").id, None)
    assert synced.done("bb") == []


def test_a_walkthrough_all_of_whose_completions_moved_and_were_forgotten_is_not_started(synced):
    synced.reset("aa")
    synced.edit(aa=(["a1"],))
    synced.complete("aa", "A1")
    synced.edit(aa=(["a9"],), bb=(["b1", "a1"], ("aa/a1", "a1")))
    synced.reset("bb")

    assert synced.look("aa").status is ProgressStatus.NOT_STARTED
    assert synced.open("aa").step.title == "A9"
    assert synced.done("bb") == []


@pytest.mark.parametrize("opened", [True, False])
def test_a_step_that_comes_back_to_a_walkthrough_that_was_reset_meanwhile_is_still_done(
    synced, opened
):
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"], ("aa/a1", "a1")))
    if opened:
        synced.open("bb")
    synced.reset("aa")
    synced.edit(aa=(["a1", "a2", "a3"], ("bb/a1", "a1")), bb=(["b1"],))

    assert synced.done("aa") == ["A1"]
    assert synced.look("aa").status is ProgressStatus.NOT_STARTED
    assert synced.open("aa").step.title == "A2"
    assert synced.done("aa") == ["A1"]
