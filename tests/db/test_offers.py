"""What is not offered on a server moves nobody there, is not listed, and cannot be started."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.builders import DASHBOARD, classroom, content, learner, organization, server
from walkthroughs.crypto import hash_token
from walkthroughs.database.prepared import Prepared
from walkthroughs.errors import StepNotFound, WalkthroughNotFound
from walkthroughs.identity.links import create_link, revoke_links
from walkthroughs.learning import catalog, progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.learning.fast_path import ADVANCE, advance_fast
from walkthroughs.publishing import assignments, writer


class Course:
    """A learner on the first of three steps, and what may be done to what they follow."""

    def __init__(self, database):
        self.database, self.cache = database, ContentCache()
        with database.transaction() as session:
            self.caller, self.row = classroom(session)
            self.second = server(session, self.caller.organization_id, "second").id
        self.first = self.select().step.id

    def select(self, caller=None):
        return progress.select(
            self.database, self.cache, caller or self.caller, self.row, resume=True
        )

    def fast(self, caller=None, step_id=None):
        async def call():
            prepared = Prepared(self.database, (ADVANCE,), connections=1)
            try:
                return await advance_fast(prepared, caller or self.caller, step_id or self.first)
            finally:
                prepared.close()

        return asyncio.run(call())

    def by_rules(self, step_id=None):
        return progress.advance(self.database, self.cache, self.caller, step_id or self.first)

    def listed(self, caller=None):
        return catalog.list_walkthroughs(self.database, caller or self.caller).cards

    def run(self, sql, **parameters):
        with self.database.engine.begin() as connection:
            connection.execute(text(sql), parameters)

    def withdraw(self):
        with self.database.transaction() as session:
            writer.set_published(session, self.caller.organization_id, self.row, False, DASHBOARD)

    def archive(self):
        with self.database.transaction() as session:
            writer.archive(session, self.caller.organization_id, self.row, DASHBOARD)

    def switch_off(self):
        self.run("UPDATE mcp_server_walkthroughs SET is_enabled = false")

    def offer_elsewhere_only(self):
        with self.database.transaction() as session:
            assignments.assign(session, self.caller.organization_id, self.second, [self.row])
        self.run(
            "DELETE FROM mcp_server_walkthroughs WHERE mcp_server_id = :server",
            server=self.caller.server_id,
        )

    def completed(self):
        with self.database.engine.begin() as connection:
            return connection.execute(
                text("SELECT completed_steps FROM walkthrough_progress")
            ).scalar_one()


@pytest.fixture
def course(database):
    return Course(database)


@pytest.mark.parametrize("change", ["withdraw", "archive", "switch_off", "offer_elsewhere_only"])
def test_what_is_not_offered_here_moves_nobody_and_is_not_found(course, change):
    getattr(course, change)()

    assert course.fast() is None
    with pytest.raises(StepNotFound):
        course.by_rules()
    with pytest.raises(WalkthroughNotFound):
        course.select()
    assert course.listed() == ()
    assert course.completed() == []


def test_what_is_offered_here_moves_the_learner_on_the_same_path(course):
    assert course.fast() is not None
    assert course.completed() == [course.first]


def test_what_is_offered_elsewhere_too_is_offered_there(course):
    course.offer_elsewhere_only()
    there = replace(course.caller, server_id=course.second)

    assert [card.id for card in course.listed(there)] == [course.row]
    assert course.fast(there) is not None


@pytest.mark.parametrize("status", ["not_started", "completed"])
def test_a_row_that_is_not_in_progress_is_left_to_the_rules(course, status):
    course.run("UPDATE walkthrough_progress SET status = CAST(:to AS walkthrough_status),"
               " completed_at = CASE WHEN :to = 'completed' THEN 1 END,"
               " started_at = CASE WHEN :to = 'completed' THEN 1 END", to=status)  # fmt: skip

    assert course.fast() is None
    assert course.completed() == []


def test_a_version_the_learner_has_not_seen_and_an_archived_step_are_left_to_the_rules(course):
    with course.database.transaction() as session:
        owner = course.caller.organization_id
        writer.publish(session, owner, course.row, content("two", "three"), DASHBOARD)

    assert course.fast() is None
    # Even if the learner's row claims to know that version.
    course.run("UPDATE walkthrough_progress SET version = 2")
    assert course.fast() is None


def test_nobody_is_moved_by_another_learner_or_organization(course):
    with course.database.transaction() as session:
        owner = course.caller.organization_id
        other = replace(course.caller, learner_id=learner(session, owner, "sam@x.example").id)
        foreign = replace(course.caller, organization_id=organization(session, "other").id)

    assert course.fast(other) is None
    assert course.fast(foreign) is None
    assert course.completed() == []


def test_the_list_has_nobody_elses_progress(course):
    course.fast()
    with course.database.transaction() as session:
        sam = learner(session, course.caller.organization_id, "sam@x.example").id

    (card,) = course.listed(replace(course.caller, learner_id=sam))
    assert (card.status, card.completed_steps) == ("not_started", 0)


def test_a_link_moves_its_learner_until_it_ends_and_on_its_own_server_only(course):
    with course.database.transaction() as session:
        token = create_link(session, "acme", "lea@x.example")
        other_server = create_link(session, "second", "lea@x.example")

    def by(link):
        return course.fast(replace(course.caller, link_hash=hash_token(link)))

    assert by("unknown") is None
    assert by(other_server) is None
    assert by(token) is not None
    with course.database.transaction() as session:
        assert revoke_links(session, "acme", "lea@x.example") == 1
    course.run("UPDATE walkthrough_progress SET current_step_id = :first, completed_steps = '[]'",
               first=course.first)  # fmt: skip
    assert by(token) is None


def test_a_link_of_another_organization_moves_nobody(course):
    with course.database.transaction() as session:
        classroom(session, slug="other")
        token = create_link(session, "other", "lea@x.example")

    assert course.fast(replace(course.caller, link_hash=hash_token(token))) is None


def test_of_three_links_one_is_ended_and_two_still_work(course):
    with course.database.transaction() as session:
        ended = create_link(session, "acme", "lea@x.example")
        kept = {create_link(session, "acme", "sam@x.example"),
                create_link(session, "second", "lea@x.example")}  # fmt: skip
    with course.database.transaction() as session:
        counts = [revoke_links(session, "acme", "lea@x.example") for _ in range(2)]
    with course.database.engine.begin() as connection:
        rows = connection.execute(text("SELECT token_hash, revoked_at FROM personal_links")).all()

    assert counts == [1, 0]
    assert {row.token_hash for row in rows if row.revoked_at} == {hash_token(ended)}
    assert {row.token_hash for row in rows if not row.revoked_at} == set(map(hash_token, kept))
