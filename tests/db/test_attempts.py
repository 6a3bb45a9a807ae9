"""Beginning again loses nothing: the attempt that ends is kept until a reset."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.builders import DASHBOARD, content, learner, new_course, server, walkthrough
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import WalkthroughAttempt, WalkthroughProgress
from walkthroughs.publishing import assignments, writer


class Learner:
    def __init__(self, database):
        self.database = database
        with database.transaction() as session:
            self.caller, self.row = new_course(session)

    def select(self, *, resume=True, caller=None):
        return progress.select(
            self.database, ContentCache(), caller or self.caller, self.row, resume=resume
        )

    def lea(self, steps):
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
def lea(database):
    return Learner(database)


@pytest.mark.behaviour("B18")
def test_the_attempt_that_ends_is_kept_as_it_was(lea):
    lea.lea(2)
    before = lea.progress_row()
    view = lea.select(resume=False)
    (kept,) = lea.attempts()

    assert (view.step.title, view.progress.completed_steps) == ("One", 0)
    assert kept.completed_steps == before.completed_steps
    assert kept.started_at == before.started_at
    assert (kept.version, kept.completed_at) == (before.version, None)
    assert kept.ended_at == lea.progress_row().started_at
    assert (kept.mcp_server_id, kept.walkthrough_id) == (lea.caller.server_id, lea.row)
    assert kept.mcp_server_user_id == lea.caller.learner_id
    assert lea.status().earlier_attempts == 1


def test_a_finished_attempt_keeps_when_it_was_completed(lea):
    lea.lea(3)
    completed_at = lea.progress_row().completed_at
    lea.select(resume=False)

    assert [kept.completed_at for kept in lea.attempts()] == [completed_at]
    assert lea.progress_row().completed_at is None
    assert lea.status().status is ProgressStatus.IN_PROGRESS


@pytest.mark.behaviour("B18")
def test_who_has_completed_nothing_goes_on_with_the_same_attempt(lea):
    lea.select()
    started_at = lea.progress_row().started_at
    lea.select(resume=False)
    lea.select(resume=False)

    assert lea.attempts() == []
    assert lea.progress_row().started_at == started_at


def test_a_walkthrough_never_opened_is_started_by_beginning_again(lea):
    assert lea.select(resume=False).step.title == "One"
    assert lea.attempts() == []


def test_begun_again_twice_at_once_one_attempt_ends(lea):
    lea.lea(2)
    with ThreadPoolExecutor(2) as pool:
        views = list(pool.map(lambda _: lea.select(resume=False), range(2)))

    assert [view.step.title for view in views] == ["One", "One"]
    assert [len(kept.completed_steps) for kept in lea.attempts()] == [2]


@pytest.mark.behaviour("B12")
def test_only_a_reset_deletes_attempts_and_only_the_learners_own_of_that_walkthrough(lea):
    with lea.database.transaction() as session:
        org, srv = lea.caller.organization_id, lea.caller.server_id
        other = walkthrough(session, org, content("uno", id="other"), server_id=srv)
        someone = Caller(org, srv, learner(session, org, "sam@x.example").id)
    for caller, row in ((lea.caller, lea.row), (lea.caller, other), (someone, lea.row)):
        first = progress.select(lea.database, ContentCache(), caller, row, resume=True).step.id
        progress.advance(lea.database, ContentCache(), caller, first)
        progress.select(lea.database, ContentCache(), caller, row, resume=False)
    lea.reset()

    left = {(kept.mcp_server_user_id, kept.walkthrough_id) for kept in lea.attempts()}
    assert left == {(lea.caller.learner_id, other), (someone.learner_id, lea.row)}
    assert lea.status().status is ProgressStatus.NOT_STARTED
    assert lea.status().earlier_attempts == 0


def test_a_new_attempt_belongs_to_the_server_on_which_it_began(lea):
    with lea.database.transaction() as session:
        second = server(session, lea.caller.organization_id, "second").id
        assignments.assign(session, lea.caller.organization_id, second, [lea.row])
    lea.lea(1)
    elsewhere = Caller(lea.caller.organization_id, second, lea.caller.learner_id)
    lea.select(resume=False, caller=elsewhere)

    assert lea.attempts()[0].mcp_server_id == lea.caller.server_id
    assert lea.progress_row().mcp_server_id == second


def test_an_attempt_outlives_the_steps_that_it_completed(lea):
    lea.lea(2)
    lea.select(resume=False)
    with lea.database.transaction() as session:
        writer.publish(
            session, lea.caller.organization_id, lea.row, content("four", "five"), DASHBOARD
        )

    assert lea.select().step.title == "Four"
    assert len(lea.attempts()[0].completed_steps) == 2
    assert lea.status().earlier_attempts == 1
    lea.select(resume=False)
    assert len(lea.attempts()) == 1  # nothing was completed since
