"""A learner's way, call by call, with the content changing underneath."""

import pytest
from sqlalchemy import text

from tests.builders import new_course
from tests.learners import CACHE, lea
from walkthroughs.enums import ProgressStatus
from walkthroughs.errors import LastNotOffered, NothingStarted, StepNotFound, WalkthroughNotFound
from walkthroughs.learning import catalog, progress
from walkthroughs.learning.caller import Caller

__all__ = ["lea"]


def test_from_the_first_step_to_the_end(lea):
    view = lea.select()
    titles = []
    while view.step:
        titles.append(view.step.title)
        view = lea.next(view.step.id)

    assert titles == ["One", "Two", "Three"]
    assert view.progress.status is ProgressStatus.COMPLETED
    assert (view.progress.completed_steps, view.progress.percent) == (3, 100)


@pytest.mark.behaviour("B1")
def test_a_repeated_call_moves_once_and_says_so(lea):
    first = lea.select().step.id
    lea.next(first)
    again = lea.next(first)

    assert again.step.title == "Two"
    assert "nothing moved" in again.notice
    assert lea.done() == ["One"]


@pytest.mark.behaviour("B2")
def test_a_step_ahead_moves_nothing(lea):
    lea.select()
    last = lea.status().steps[-1].id
    view = lea.next(last)

    assert view.step.title == "One"
    assert "nothing moved" in view.notice


@pytest.mark.behaviour("B3")
def test_without_a_step_the_walkthrough_of_the_last_call_goes_on(lea):
    lea.select()

    assert lea.next().step.title == "Two"


def test_a_clock_that_was_set_back_an_hour_does_not_change_which_call_was_the_last(lea):
    lea.next(lea.select().step.id)
    with lea.database.transaction() as session:
        session.execute(text("UPDATE walkthrough_progress SET active_at = active_at + 3600000"))
    other = lea.add_other()
    progress.select(lea.database, CACHE, lea.caller, other, resume=True)

    assert lea.next().step.title == "Dos"
    assert lea.done() == ["One"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE walkthroughs SET is_published = false WHERE external_id = 'other'",
        "UPDATE walkthroughs SET archived_at = 1 WHERE external_id = 'other'",
        "UPDATE mcp_server_walkthroughs SET is_enabled = false WHERE walkthrough_id = :row",
        "DELETE FROM mcp_server_walkthroughs WHERE walkthrough_id = :row",
    ],
)
def test_without_a_step_nothing_moves_if_the_walkthrough_of_the_last_call_is_withdrawn(lea, change):
    lea.select()
    other = lea.add_other()
    progress.select(lea.database, CACHE, lea.caller, other, resume=True)
    with lea.database.transaction() as session:
        session.execute(text(change), {"row": other})

    with pytest.raises(LastNotOffered, match="Nothing moved"):
        lea.next()
    assert lea.done() == []


def test_next_before_any_start_says_what_to_do(lea):
    with pytest.raises(NothingStarted, match="select_walkthrough"):
        lea.next()


def test_beginning_again_keeps_nothing_completed(lea):
    lea.next(lea.select().step.id)
    view = lea.select(resume=False)

    assert view.step.title == "One"
    assert view.progress.completed_steps == 0


@pytest.mark.behaviour("B12")
def test_reset_forgets_and_can_be_repeated(lea):
    lea.next(lea.select().step.id)
    progress.reset(lea.database, CACHE, lea.caller, lea.row)
    progress.reset(lea.database, CACHE, lea.caller, lea.row)

    assert lea.status().status is ProgressStatus.NOT_STARTED


@pytest.mark.behaviour("B6")
def test_another_organizations_learner_finds_nothing(lea, database):
    one = lea.select().step.id
    with database.transaction() as session:
        foreign, _ = new_course(session, slug="other")

    for call in (
        lambda: progress.select(database, CACHE, foreign, lea.row, resume=True),
        lambda: progress.status(database, CACHE, foreign, lea.row),
        lambda: progress.reset(database, CACHE, foreign, lea.row),
        lambda: progress.advance(database, CACHE, foreign, one),
    ):
        with pytest.raises((WalkthroughNotFound, StepNotFound)):
            call()
    assert lea.done() == []


def test_the_list_shows_the_learners_progress_and_none_to_a_stranger(lea):
    lea.next(lea.select().step.id)
    caller = lea.caller
    (mine,) = catalog.list_walkthroughs(lea.database, caller).cards
    (plain,) = catalog.list_walkthroughs(
        lea.database, Caller(caller.organization_id, caller.server_id)
    ).cards

    assert (mine.status, mine.completed_steps, mine.percent) == (ProgressStatus.IN_PROGRESS, 1, 33)
    assert (plain.total_steps, plain.status, plain.percent) == (3, None, None)
