"""Beginning again loses nothing: the attempt that ends is kept until a reset."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.builders import DASHBOARD, classroom, content, learner, server, walkthrough
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import WalkthroughAttempt, WalkthroughProgress
from walkthroughs.publishing import assignments, writer


class Walk:
    def __init__(self, database):
        self.database = database
        with database.transaction() as session:
            self.caller, self.row = classroom(session)

    def select(self, *, resume=True, caller=None):
        return progress.select(
            self.database, ContentCache(), caller or self.caller, self.row, resume=resume
        )

    def walk(self, steps):
        view = self.select()
        for _ in range(steps):
            view = progress.advance(self.database, ContentCache(), self.caller, view.step.id)
        return view

    def status(self):
        return progress.status(self.database, ContentCache(), self.caller, self.row)

    def reset(self):
        return progress.reset(self.database, ContentCache(), self.caller, self.row)

    def attempts(self):
        with self.database.transaction() as session:
            rows = session.query(WalkthroughAttempt).order_by(WalkthroughAttempt.ended_at).all()
            session.expunge_all()
        return rows

    def progress_row(self):
        with self.database.transaction() as session:
            row = session.query(WalkthroughProgress).one()
            session.expunge_all()
        return row


@pytest.fixture
def walk(database):
    return Walk(database)


@pytest.mark.behaviour("B18")
def test_the_attempt_that_ends_is_kept_as_it_was(walk):
    walk.walk(2)
    before = walk.progress_row()
    view = walk.select(resume=False)
    (kept,) = walk.attempts()

    assert (view.step.title, view.progress.completed_steps) == ("One", 0)
    assert kept.completed_steps == before.completed_steps
    assert kept.started_at == before.started_at
    assert (kept.version, kept.completed_at) == (before.version, None)
    assert kept.ended_at == walk.progress_row().started_at
    assert (kept.mcp_server_id, kept.walkthrough_id) == (walk.caller.server_id, walk.row)
    assert kept.mcp_server_user_id == walk.caller.learner_id
    assert walk.status().earlier_attempts == 1


def test_a_finished_attempt_keeps_when_it_was_completed(walk):
    walk.walk(3)
    completed_at = walk.progress_row().completed_at
    walk.select(resume=False)

    assert [kept.completed_at for kept in walk.attempts()] == [completed_at]
    assert walk.progress_row().completed_at is None
    assert walk.status().status is ProgressStatus.IN_PROGRESS


@pytest.mark.behaviour("B18")
def test_who_has_completed_nothing_goes_on_with_the_same_attempt(walk):
    walk.select()
    started_at = walk.progress_row().started_at
    walk.select(resume=False)
    walk.select(resume=False)

    assert walk.attempts() == []
    assert walk.progress_row().started_at == started_at


def test_a_walkthrough_never_opened_is_started_by_beginning_again(walk):
    assert walk.select(resume=False).step.title == "One"
    assert walk.attempts() == []


def test_begun_again_twice_at_once_one_attempt_ends(walk):
    walk.walk(2)
    with ThreadPoolExecutor(2) as pool:
        views = list(pool.map(lambda _: walk.select(resume=False), range(2)))

    assert [view.step.title for view in views] == ["One", "One"]
    assert [len(kept.completed_steps) for kept in walk.attempts()] == [2]


@pytest.mark.behaviour("B12")
def test_only_a_reset_deletes_attempts_and_only_the_learners_own_of_that_walkthrough(walk):
    with walk.database.transaction() as session:
        org, srv = walk.caller.organization_id, walk.caller.server_id
        other = walkthrough(session, org, content("uno", id="other"), server_id=srv)
        someone = Caller(org, srv, learner(session, org, "sam@x.example").id)
    for caller, row in ((walk.caller, walk.row), (walk.caller, other), (someone, walk.row)):
        first = progress.select(walk.database, ContentCache(), caller, row, resume=True).step.id
        progress.advance(walk.database, ContentCache(), caller, first)
        progress.select(walk.database, ContentCache(), caller, row, resume=False)
    walk.reset()

    left = {(kept.mcp_server_user_id, kept.walkthrough_id) for kept in walk.attempts()}
    assert left == {(walk.caller.learner_id, other), (someone.learner_id, walk.row)}
    assert walk.status().status is ProgressStatus.NOT_STARTED
    assert walk.status().earlier_attempts == 0


def test_a_new_attempt_belongs_to_the_server_on_which_it_began(walk):
    with walk.database.transaction() as session:
        second = server(session, walk.caller.organization_id, "second").id
        assignments.assign(session, walk.caller.organization_id, second, [walk.row])
    walk.walk(1)
    elsewhere = Caller(walk.caller.organization_id, second, walk.caller.learner_id)
    walk.select(resume=False, caller=elsewhere)

    assert walk.attempts()[0].mcp_server_id == walk.caller.server_id
    assert walk.progress_row().mcp_server_id == second


def test_an_attempt_outlives_the_steps_that_it_completed(walk):
    walk.walk(2)
    walk.select(resume=False)
    with walk.database.transaction() as session:
        writer.publish(
            session, walk.caller.organization_id, walk.row, content("four", "five"), DASHBOARD
        )

    assert walk.select().step.title == "Four"
    assert len(walk.attempts()[0].completed_steps) == 2
    assert walk.status().earlier_attempts == 1
    walk.select(resume=False)
    assert len(walk.attempts()) == 1  # nothing was completed since
