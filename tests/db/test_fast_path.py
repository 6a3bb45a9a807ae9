"""The fast step moves a learner where the rules would, and nobody else."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.builders import (
    DASHBOARD,
    content,
    learner,
    new_course,
    server,
    show,
    sign_in,
    walkthrough,
)
from tests.fast_steps import fast_step
from walkthroughs.crypto import hash_token
from walkthroughs.enums import ProgressStatus, TokenKind
from walkthroughs.errors import LastNotOffered, StepNotFound, WalkthroughNotFound
from walkthroughs.identity.links import create_link, revoke_links
from walkthroughs.learning import catalog, progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import McpServer, McpServerUser, OAuthGrant, OAuthToken
from walkthroughs.publishing import assignments, writer

EMAIL = "lea@x.example"
NEVER = 2**52  # far ahead
SWITCH = text("UPDATE mcp_server_walkthroughs SET is_enabled = :on WHERE walkthrough_id = :id")
LEAVE = text(
    "DELETE FROM mcp_server_walkthroughs WHERE walkthrough_id = :id AND mcp_server_id = :server"
)


class Course:
    """A learner on the first of four steps; two servers offer this walkthrough and another one."""

    def __init__(self, database):
        self.database = database
        with database.transaction() as session:
            self.caller, self.row = new_course(session, content("one", "two", "three", "four"))
            org = self.caller.organization_id
            self.elsewhere = server(session, org, "elsewhere").id
            assignments.assign(session, org, self.elsewhere, [self.row])
            other = walkthrough(session, org, content(id="other", title="Other"))
            for each in (self.caller.server_id, self.elsewhere):
                assignments.assign(session, org, each, [other])
        self.steps = [line.id for line in self.status().steps]
        self.select()

    def select(self, caller=None):
        return progress.select(
            self.database, ContentCache(), caller or self.caller, self.row, resume=True
        )

    def status(self):
        return progress.status(self.database, ContentCache(), self.caller, self.row)

    def titles(self):
        return [card.title for card in catalog.list_walkthroughs(self.database, self.caller).cards]

    def fast(self, number, caller=None):
        return fast_step(self.database, caller or self.caller, self.steps[number])

    def rows(self):
        with self.database.transaction() as session:
            query = text("SELECT xmin::text, * FROM walkthrough_progress ORDER BY id")
            return session.execute(query).all()

    def link(self, slug="acme"):
        with self.database.transaction() as session:
            return hash_token(create_link(session, slug, EMAIL))


@pytest.fixture
def course(database):
    return Course(database)


def withdraw(session, course):
    show(session, course.caller.organization_id, course.row, False)


def archive(session, course):
    writer.archive(session, course.caller.organization_id, course.row, DASHBOARD)


def switch_off(session, course):
    session.execute(SWITCH, {"id": course.row, "on": False})


def offer_elsewhere_only(session, course):
    session.execute(LEAVE, {"id": course.row, "server": course.caller.server_id})


@pytest.mark.behaviour("B6")
@pytest.mark.parametrize("take_away", [withdraw, archive, switch_off, offer_elsewhere_only])
def test_a_walkthrough_that_this_server_no_longer_offers_is_gone_for_every_call(course, take_away):
    assert course.titles() == ["Deploy", "Other"]
    assert course.fast(0).current_step_id == course.steps[1]
    before = course.rows()
    with course.database.transaction() as session:
        take_away(session, course)

    assert course.fast(1) is None
    with pytest.raises(StepNotFound):
        progress.advance(course.database, ContentCache(), course.caller, course.steps[1])
    with pytest.raises(LastNotOffered):
        progress.advance(course.database, ContentCache(), course.caller, None)
    for call in (course.select, course.status):
        with pytest.raises(WalkthroughNotFound):
            call()
    with pytest.raises(WalkthroughNotFound):
        progress.reset(course.database, ContentCache(), course.caller, course.row)
    assert course.titles() == ["Other"]
    assert course.rows() == before


@pytest.mark.behaviour("B6")
def test_switched_off_here_it_goes_on_where_another_server_still_offers_it(course):
    with course.database.transaction() as session:
        offer_elsewhere_only(session, course)

    there = replace(course.caller, server_id=course.elsewhere)
    assert course.fast(0, there).current_step_id == course.steps[1]
    assert course.select(there).step.title == "Two"


def test_a_walkthrough_without_steps_is_not_offered(course):
    org = course.caller.organization_id
    with course.database.transaction() as session:
        writer.publish(session, org, course.row, replace(content(), steps=()), DASHBOARD)

    assert course.titles() == ["Other"]
    with pytest.raises(WalkthroughNotFound):
        course.select()


def test_the_fast_step_of_a_finished_learner_is_left_to_the_rules(course):
    view = course.select()
    while view.step:
        view = progress.advance(course.database, ContentCache(), course.caller, view.step.id)
    with course.database.transaction() as session:
        more = content("one", "two", "three", "four", "five", "six")
        writer.publish(session, course.caller.organization_id, course.row, more, DASHBOARD)
    five = course.select().step.id
    before = course.rows()

    assert fast_step(course.database, course.caller, five) is None
    assert course.rows() == before
    view = progress.advance(course.database, ContentCache(), course.caller, five)
    assert (view.step.title, view.progress.status) == ("Six", ProgressStatus.COMPLETED)
    assert "1 new step since you finished." in view.notice


def test_the_fast_step_is_for_the_live_version_only(course):
    org = course.caller.organization_id
    with course.database.transaction() as session:
        writer.publish(session, org, course.row, content("one", "two", "three"), DASHBOARD)

    assert course.fast(0) is None
    assert (
        "1 step removed"
        in progress.advance(course.database, ContentCache(), course.caller, course.steps[0]).notice
    )
    assert course.fast(1).current_step_id == course.steps[2]


def test_the_last_step_and_one_before_a_step_that_is_done_are_left_to_the_rules(course):
    for done in range(3):
        assert course.fast(done).current_step_id == course.steps[done + 1]
    assert course.fast(3) is None
    with course.database.transaction() as session:
        order = content("one", "four", "two", "three")
        writer.publish(session, course.caller.organization_id, course.row, order, DASHBOARD)
    assert course.select().step.title == "Four"

    assert course.fast(3) is None
    view = progress.advance(course.database, ContentCache(), course.caller, course.steps[3])
    assert view.progress.status is ProgressStatus.COMPLETED


@pytest.mark.behaviour("B2")
def test_a_step_ahead_or_behind_is_left_to_the_rules(course):
    assert course.fast(1) is None
    course.fast(0)
    before = course.rows()

    assert course.fast(0) is None
    assert course.fast(2) is None
    assert course.rows() == before


def test_the_fast_step_moves_the_learner_who_calls_and_no_other(course):
    with course.database.transaction() as session:
        org = course.caller.organization_id
        second = replace(course.caller, learner_id=learner(session, org, "max@x.example").id)
        foreign, _ = new_course(session, slug="foreign")
    course.select(second)

    assert course.fast(0).current_step_id == course.steps[1]
    assert course.fast(0, foreign) is None
    assert course.fast(0, replace(course.caller, organization_id=foreign.organization_id)) is None
    assert course.select(second).step.title == "One"
    assert course.fast(0, second).current_step_id == course.steps[1]


def test_the_fast_step_counts_only_from_a_live_link_of_this_server(course):
    here = replace(course.caller, link_hash=course.link())
    elsewhere = replace(course.caller, link_hash=course.link("elsewhere"))
    with course.database.transaction() as session:
        new_course(session, slug="foreign")
    foreign = replace(course.caller, link_hash=course.link("foreign"))
    unknown = replace(course.caller, link_hash=hash_token("nothing"))
    before = course.rows()

    assert [course.fast(0, each) for each in (elsewhere, foreign, unknown)] == [None] * 3
    assert course.rows() == before
    assert course.fast(0, here).current_step_id == course.steps[1]
    with course.database.transaction() as session:
        assert revoke_links(session, "acme", EMAIL) == 1
    before = course.rows()
    assert course.fast(1, here) is None
    assert course.rows() == before


def test_the_fast_step_counts_only_from_a_live_sign_in_of_this_server(course):
    def token(session, where, expires_at=NEVER, kind=TokenKind.ACCESS):
        row = session.get_one(McpServer, where)
        who = session.get_one(McpServerUser, course.caller.learner_id)
        grant = sign_in(session, row, who)
        hashed = hash_token(grant.id)
        session.add(
            OAuthToken(
                organization_id=row.organization_id,
                oauth_grant_id=grant.id,
                kind=kind,
                token_hash=hashed,
                expires_at=expires_at,
            )
        )
        return grant.id, replace(course.caller, bearer_hash=hashed)

    with course.database.transaction() as session:
        grant_id, here = token(session, course.caller.server_id)
        _, elsewhere = token(session, course.elsewhere)
        _, expired = token(session, course.caller.server_id, expires_at=1)
        _, to_refresh = token(session, course.caller.server_id, kind=TokenKind.REFRESH)
    unknown = replace(course.caller, bearer_hash=hash_token("nothing"))
    before = course.rows()

    refused = [course.fast(0, each) for each in (elsewhere, expired, to_refresh, unknown)]
    assert refused == [None] * 4
    assert course.rows() == before
    assert course.fast(0, here).current_step_id == course.steps[1]
    with course.database.transaction() as session:
        session.get_one(OAuthGrant, grant_id).revoked_at = 1
    before = course.rows()
    assert course.fast(1, here) is None
    assert course.rows() == before


def test_the_list_shows_each_learner_their_own_progress(course):
    course.fast(0)
    with course.database.transaction() as session:
        org = course.caller.organization_id
        second = Caller(org, course.caller.server_id, learner(session, org, "max@x.example").id)

    def progress_of(caller):
        cards = catalog.list_walkthroughs(course.database, caller).cards
        return [(card.title, card.status, card.completed_steps) for card in cards]

    new = ProgressStatus.NOT_STARTED
    assert progress_of(second) == [("Deploy", new, 0), ("Other", new, 0)]
    course.select(second)
    started = ProgressStatus.IN_PROGRESS
    assert progress_of(second) == [("Deploy", started, 0), ("Other", new, 0)]
    assert progress_of(course.caller) == [("Deploy", started, 1), ("Other", new, 0)]
