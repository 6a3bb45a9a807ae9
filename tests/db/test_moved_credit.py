"""A step that is completed after it moved away counts for the one that it became, and for no other."""

import pytest
from sqlalchemy import text

from tests.builders import DASHBOARD, content, learner, new_course, walkthrough
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.publishing.writer import publish


class Courses:
    """Two walkthroughs, two learners who are in both, and a step that moves from one to the other."""

    def __init__(self, database):
        self.database = database
        with database.transaction() as session:
            self.lea, self.one = new_course(session)
            org, server = self.lea.organization_id, self.lea.server_id
            more = content("uno", "dos", "tres", id="other")
            self.other = walkthrough(session, org, more, server_id=server)
            self.max = Caller(org, server, learner(session, org, "max@x.example").id)
        for who in (self.lea, self.max):
            for row in (self.other, self.one):
                self.select(who, row)

    def select(self, who, row):
        return progress.select(self.database, ContentCache(), who, row, resume=True)

    def next(self, who, step_id):
        return progress.advance(self.database, ContentCache(), who, step_id)

    def step(self, title):
        with self.database.transaction() as session:
            query = text("SELECT id FROM walkthrough_steps WHERE title = :title")
            return session.scalar(query, {"title": title})

    def move(self, title, *, to):
        """The first step leaves its walkthrough; *to* of the other one is what it became."""
        old = self.step(title)
        with self.database.transaction() as session:
            publish(
                session,
                self.lea.organization_id,
                self.one,
                content("two", "three"),
                DASHBOARD,
            )
            session.execute(
                text(
                    "UPDATE walkthrough_steps SET predecessor_ids = jsonb_build_array(:old)"
                    " WHERE title = :to"
                ),
                {"old": old, "to": to},
            )
        return old

    def stored(self, who, row):
        query = text(
            "SELECT completed_steps FROM walkthrough_progress"
            " WHERE mcp_server_user_id = :who AND walkthrough_id = :row"
        )
        with self.database.transaction() as session:
            return session.scalar(query, {"who": who.learner_id, "row": row})


@pytest.fixture
def courses(database):
    return Courses(database)


def test_the_step_that_it_became_is_credited_to_that_learner_once(courses):
    one = courses.move("One", to="Uno")
    courses.next(courses.lea, one)
    courses.next(courses.lea, one)

    assert courses.stored(courses.lea, courses.other) == [courses.step("Uno")]
    assert courses.stored(courses.lea, courses.one) == [one]
    assert courses.stored(courses.max, courses.other) == []
    assert courses.stored(courses.max, courses.one) == []


def test_what_is_completed_there_already_is_not_credited_again(courses):
    uno = courses.step("Uno")
    courses.next(courses.lea, uno)
    one = courses.move("One", to="Uno")
    courses.next(courses.lea, one)

    assert courses.stored(courses.lea, courses.other) == [uno]


def test_a_step_that_became_nothing_live_is_credited_nowhere(courses):
    one = courses.move("One", to="Uno")
    with courses.database.transaction() as session:
        less = content("dos", "tres", id="other")
        publish(session, courses.lea.organization_id, courses.other, less, DASHBOARD)
    courses.next(courses.lea, one)

    assert courses.stored(courses.lea, courses.other) == []


def test_a_step_that_merely_vanished_is_credited_nowhere(courses):
    one = courses.step("One")
    courses.move("One", to="Uno")
    with courses.database.transaction() as session:
        session.execute(
            text("UPDATE walkthrough_steps SET predecessor_ids = '[\"ws_x\"]' WHERE title = 'Uno'")
        )
    courses.next(courses.lea, one)

    assert courses.stored(courses.lea, courses.other) == []


def test_what_another_learner_completed_before_the_move_counts_for_them_alone(courses):
    one = courses.step("One")
    courses.next(courses.max, one)
    courses.move("One", to="Uno")

    assert courses.select(courses.max, courses.other).step.title == "Dos"
    assert courses.select(courses.lea, courses.other).step.title == "Uno"


def test_a_restart_removes_the_completions_of_that_learner_only(courses):
    uno = courses.step("Uno")
    for who in (courses.lea, courses.max):
        courses.next(who, uno)
    progress.reset(courses.database, ContentCache(), courses.lea, courses.other)

    assert courses.stored(courses.lea, courses.other) is None
    assert courses.stored(courses.max, courses.other) == [uno]
