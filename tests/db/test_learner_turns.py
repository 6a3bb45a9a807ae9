"""Calls of one learner at once take turns: a step counts once, and a reset forgets all of it."""

import pytest
from sqlalchemy import text

from tests.builders import DASHBOARD, content, new_course, walkthrough
from tests.turns import take_turns
from walkthroughs.enums import ProgressStatus
from walkthroughs.errors import StepNotFound
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.publishing.writer import publish


class Learner:
    """A learner who may take two walkthroughs."""

    def __init__(self, database):
        self.database = database
        with database.transaction() as session:
            self.caller, self.row = new_course(session)
            org, server = self.caller.organization_id, self.caller.server_id
            more = content("uno", "dos", id="other")
            self.other = walkthrough(session, org, more, server_id=server)

    def select(self, row=None, *, resume=True):
        return progress.select(
            self.database, ContentCache(), self.caller, row or self.row, resume=resume
        )

    def restart(self):
        return self.select(resume=False)

    def next(self, step_id=None):
        return progress.advance(self.database, ContentCache(), self.caller, step_id)

    def move_first_step_to_other(self):
        """The first step leaves the walkthrough; the first of the other one is what it became."""
        with self.database.transaction() as session:
            org = self.caller.organization_id
            step = session.scalar(
                text(
                    "SELECT id FROM walkthrough_steps WHERE walkthrough_id = :id AND title = 'One'"
                ),
                {"id": self.row},
            )
            publish(session, org, self.row, content("two", "three"), DASHBOARD)
            session.execute(
                text(
                    "UPDATE walkthrough_steps SET predecessor_ids = jsonb_build_array(:step)"
                    " WHERE walkthrough_id = :other AND title = 'Uno'"
                ),
                {"step": step, "other": self.other},
            )

    def order_rows(self, *walkthrough_ids):
        """Give the learner's rows ids, so that they are locked in this order."""
        with self.database.transaction() as session:
            for number, id in enumerate(walkthrough_ids):
                session.execute(
                    text("UPDATE walkthrough_progress SET id = :id WHERE walkthrough_id = :of"),
                    {"id": f"wp_{number:020}", "of": id},
                )

    def reset(self):
        return progress.reset(self.database, ContentCache(), self.caller, self.row)

    def turns(self, first, second, **options):
        return take_turns(self.database, first, second, **options)

    def stored(self):
        """Return the completions in the first walkthrough, and those of the attempts that ended."""
        done = text("SELECT completed_steps FROM walkthrough_progress WHERE walkthrough_id = :id")
        ended = text("SELECT completed_steps FROM walkthrough_attempts WHERE walkthrough_id = :id")
        with self.database.transaction() as session:
            return [session.scalars(query, {"id": self.row}).all() for query in (done, ended)]


@pytest.fixture
def learner(database):
    return Learner(database)


def test_a_step_that_is_completed_twice_at_once_counts_once(learner):
    one = learner.select().step.id
    turns = learner.turns(lambda: learner.next(one), lambda: learner.next(one))

    assert turns.waited
    assert [each.result().step.title for each in (turns.first, turns.second)] == ["Two", "Two"]
    assert "nothing moved" in turns.second.result().notice
    assert learner.stored() == [[[one]], []]


def test_two_calls_at_once_that_name_no_step_complete_one_each(learner):
    one = learner.select().step.id
    turns = learner.turns(learner.next, learner.next)

    assert turns.waited
    assert [each.result().step.title for each in (turns.first, turns.second)] == ["Two", "Three"]
    (completed,), _ = learner.stored()
    assert (completed[0], len(completed)) == (one, len(set(completed)))
    assert len(completed) == 2


def test_a_step_beside_a_reset_is_of_a_walkthrough_that_is_not_started(learner):
    one = learner.select().step.id
    turns = learner.turns(learner.reset, lambda: learner.next(one))

    assert turns.waited
    assert isinstance(turns.second.exception(), StepNotFound)
    assert learner.stored() == [[], []]


def test_a_reset_beside_a_step_forgets_that_step_too(learner):
    one = learner.select().step.id
    turns = learner.turns(lambda: learner.next(one), learner.reset)

    assert turns.waited
    assert turns.second.exception() is None
    assert learner.stored() == [[], []]
    view = learner.select()
    assert (view.step.title, view.progress.completed_steps) == ("One", 0)


def test_two_restarts_at_once_end_one_attempt(learner):
    one = learner.select().step.id
    learner.next(one)
    turns = learner.turns(learner.restart, learner.restart)

    assert turns.waited
    assert [each.result().step.title for each in (turns.first, turns.second)] == ["One", "One"]
    assert learner.stored() == [[[]], [[one]]]


def test_a_restart_beside_a_step_keeps_that_step_in_the_attempt_that_ends(learner):
    one = learner.select().step.id
    turns = learner.turns(lambda: learner.next(one), learner.restart)

    assert turns.waited
    assert turns.second.result().step.title == "One"
    assert learner.stored() == [[[]], [[one]]]


def test_two_first_restarts_do_not_wait_for_each_other_when_another_walkthrough_starts(learner):
    """The first has made its row, which the second cannot lock yet, and then locks all rows."""
    turns = learner.turns(
        learner.restart,
        learner.restart,
        pause_after="INSERT INTO walkthrough_progress",
        meanwhile=lambda: learner.select(learner.other),
    )

    assert turns.waited
    assert [each.result().step.title for each in (turns.first, turns.second)] == ["One", "One"]
    assert learner.stored() == [[[]], []]


def test_restarts_of_two_walkthroughs_at_once_lock_all_rows_before_one_by_itself(learner):
    learner.select()
    learner.select(learner.other)
    turns = learner.turns(
        learner.restart,
        lambda: learner.select(learner.other, resume=False),
        pause_after="INSERT INTO walkthrough_progress",
    )

    assert turns.waited
    assert [each.result().step.title for each in (turns.first, turns.second)] == ["One", "Uno"]


@pytest.mark.parametrize("names_its_step", [True, False])
def test_a_step_that_moved_away_is_completed_beside_a_restart_of_where_it_is_now(
    learner, names_its_step
):
    """Each of the two needs the row that the other has locked."""
    learner.select(learner.other)
    one = learner.select().step.id
    learner.move_first_step_to_other()
    learner.order_rows(learner.other, learner.row)
    turns = learner.turns(
        lambda: learner.next(one if names_its_step else None),
        lambda: learner.select(learner.other, resume=False),
        pause_after="FOR NO KEY UPDATE",
    )

    assert turns.waited
    assert turns.first.result().step.title == "Two"
    assert turns.second.result().step.title == "Uno"


def test_a_walkthrough_is_started_once_by_two_at_once(learner):
    turns = learner.turns(learner.select, learner.select)

    assert turns.waited
    views = [turns.first.result(), turns.second.result()]
    assert [view.progress.status for view in views] == [ProgressStatus.IN_PROGRESS] * 2
    assert learner.stored() == [[[]], []]


def test_learners_do_not_wait_for_a_call_of_another_walkthrough(learner):
    one, uno = learner.select().step.id, learner.select(learner.other).step.id
    turns = learner.turns(lambda: learner.next(one), lambda: learner.next(uno))

    assert not turns.waited
    assert turns.second.result().step.title == "Dos"
