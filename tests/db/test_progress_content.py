"""A learner's place through changes of the content."""

import pytest
from sqlalchemy import text

from tests.builders import content, show, step
from tests.learners import lea
from walkthroughs.enums import ProgressStatus
from walkthroughs.errors import StepNotFound, WalkthroughNotFound
from walkthroughs.learning import catalog

__all__ = ["lea"]


@pytest.mark.behaviour("B10")
def test_new_text_is_in_the_next_answer_without_a_notice(lea):
    lea.select()
    lea.edit(content(steps=(step("one", content="New words."), step("two"), step("three"))))
    view = lea.select()

    assert view.step.content == "New words."
    assert (view.walkthrough.version, view.notice) == (2, None)


@pytest.mark.behaviour("B10")
def test_a_step_put_in_before_leaves_the_place_and_is_told(lea):
    two = lea.next(lea.select().step.id).step.id
    lea.edit(content("zero", "one", "two", "three"))
    view = lea.select()

    assert view.step.id == two
    assert view.notice == "Changed since you were here: 1 step added before this one."
    assert lea.select().notice is None


@pytest.mark.behaviour("B4")
def test_a_vanished_step_is_answered_with_the_next_one_and_counts_as_history(lea):
    two = lea.next(lea.select().step.id).step.id
    lea.edit(content("one", "three"))
    view = lea.next(two)

    assert view.step.title == "Three"
    assert "1 step removed" in view.notice
    lea.edit(content("one", "two", "three"))
    assert lea.done() == ["One", "Two"]


def test_a_step_that_vanished_before_the_end_is_not_done_by_going_on_after_the_end(lea):
    view = lea.next(lea.next(lea.select().step.id).step.id)
    assert view.step.title == "Three"
    lea.edit(content("one", "two"))
    assert lea.select().step is None
    assert lea.next().step is None
    lea.next(view.step.id)
    lea.edit(content("one", "two", "three"))

    assert lea.done() == ["One", "Two"]


@pytest.mark.behaviour("B11")
def test_a_step_to_do_again_is_asked_for_again(lea):
    one = lea.select().step.id
    lea.next(one)
    lea.edit(content(steps=(step("one", revision=2), step("two"), step("three"))))

    assert lea.select().step.title == "Two"
    assert lea.done() == []
    lea.edit(content())
    assert lea.done() == ["One"]


@pytest.mark.behaviour("B5")
def test_finished_stays_finished_when_steps_are_added(lea):
    view = lea.select()
    while view.step:
        view = lea.next(view.step.id)
    lea.edit(content("one", "two", "three", "four", "five"))
    view = lea.select()

    assert view.progress.status is ProgressStatus.COMPLETED
    assert view.step.title == "Four"
    assert view.notice == "2 new steps since you finished."


@pytest.mark.behaviour("B6")
def test_a_walkthrough_that_is_withdrawn_is_not_there_and_progress_waits(lea):
    one = lea.select().step.id
    organization = lea.caller.organization_id
    with lea.database.transaction() as session:
        show(session, organization, lea.row, False)

    assert catalog.list_walkthroughs(lea.database, lea.caller).cards == ()
    with pytest.raises(StepNotFound):
        lea.next(one)
    with pytest.raises(WalkthroughNotFound):
        lea.status()
    with lea.database.transaction() as session:
        show(session, organization, lea.row, True)
    assert lea.next(one).step.title == "Two"


def test_after_a_restore_the_text_that_is_stored_is_taught_though_its_version_was_read_before(lea):
    """The same version number with another text, as after a restore and another commit."""
    before = lea.select()
    with lea.database.transaction() as session:
        session.execute(
            text(
                "UPDATE walkthrough_steps SET content = 'Restored.' WHERE archived_at IS NULL;"
                "UPDATE walkthroughs SET digest = 'restored'"
            )
        )

    assert "Restored." in lea.select().step.content
    assert "Restored." not in before.step.content
    assert "Restored." in lea.next(before.step.id).step.content
