"""Whoever changes what a server offers announces it in the same transaction, and nothing else does."""

from contextlib import closing

import pytest
from sqlalchemy import text

from tests.builders import DASHBOARD, content, learner, new_course, server, show, walkthrough
from walkthroughs.database import listener
from walkthroughs.events.announcements import CONTENT, parse
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import McpServer, McpServerWalkthrough
from walkthroughs.publishing import assignments, writer


@pytest.fixture
def heard(database):
    """Return what is announced by what a function does with a session, by server."""
    with closing(listener.listen(database, CONTENT)) as connection:

        def until_mark():
            """Notifications come in order: what comes before a mark of our own came before it."""
            with database.transaction() as session:
                session.execute(text("SELECT pg_notify('content', 'mark')"))
            found = []
            while "mark" not in found:
                connection.poll()
                found += [notice.payload for notice in connection.notifies]
                connection.notifies.clear()
            return found[:-1]

        def announced(change):
            until_mark()
            with database.transaction() as session:
                change(session)
            return sorted(until_mark())

        yield announced


def test_what_a_walkthrough_shows_is_announced_to_the_servers_that_offer_it(database, heard):
    with database.transaction() as session:
        caller, row = new_course(session)
        owner, here = caller.organization_id, caller.server_id
        there = server(session, owner, "there").id
        assignments.assign(session, owner, there, [row])
        new_course(session, content(), "other")
    mine = f"{owner}/{here}:lists"
    both = sorted([mine, f"{owner}/{there}:lists"])

    def publish(title):
        return lambda session: writer.publish(session, owner, row, content(title=title), DASHBOARD)

    def shown(is_shown):
        return lambda session: show(session, owner, row, published=is_shown)

    def off_there(session):
        assignments.switch(session, owner, there, row, is_enabled=False)

    steps = (
        (publish("Ship"), both),
        (publish("Ship"), []),  # nothing has changed
        (shown(False), both),
        (publish("Nobody sees it"), []),
        (shown(True), both),
        (off_there, [f"{owner}/{there}:lists"]),
        (publish("Sail"), [mine]),
        (lambda session: writer.archive(session, owner, row, DASHBOARD), [mine]),
    )
    for number, (change, expected) in enumerate(steps):
        assert heard(change) == expected, number


def test_what_is_on_a_server_is_announced_to_it(database, heard):
    with database.transaction() as session:
        caller, row = new_course(session)
        owner, here = caller.organization_id, caller.server_id
        there = server(session, owner, "there").id
        tea = walkthrough(session, owner, content(id="tea"))
    mine, others = f"{owner}/{here}:lists", f"{owner}/{there}:lists"

    def form(session):  # as the dashboard's table saves one: it goes to another server
        rows = session.query(McpServerWalkthrough).filter_by(walkthrough_id=tea)
        rows.one().mcp_server_id = there

    def switched(is_on):
        return lambda session: setattr(
            session.get(McpServer, here), "walkthrough_tools_enabled", is_on
        )

    steps = (
        (lambda session: assignments.assign(session, owner, here, [tea]), [mine]),
        (lambda session: assignments.assign(session, owner, here, [tea]), []),  # it is there
        (lambda session: assignments.move(session, owner, here, tea, None), [mine]),
        (form, sorted([mine, others])),
        (lambda session: assignments.unassign(session, owner, there, tea), [others]),
        (lambda session: assignments.unassign(session, owner, here, row), [mine]),
        (switched(False), [f"{owner}/{here}:tools"]),
        (switched(False), []),
        (lambda session: setattr(session.get(McpServer, here), "name", "Another"), []),
        (lambda session: learner(session, owner, "max@x.example"), []),
    )
    for number, (change, expected) in enumerate(steps):
        assert heard(change) == expected, number
    assert parse(mine) == {f"{owner}/{here}": frozenset({"lists"})}


def test_many_rows_of_a_transaction_are_announced_once_and_what_is_rolled_back_is_not(
    database, heard
):
    with database.transaction() as session:
        caller, _ = new_course(session)
        owner, here = caller.organization_id, caller.server_id
        rows = [walkthrough(session, owner, content(id=f"w{number}")) for number in range(30)]

    def roll_back(session):
        assignments.assign(session, owner, here, rows)
        session.rollback()

    assert heard(roll_back) == []
    assert heard(lambda session: assignments.assign(session, owner, here, rows)) == [
        f"{owner}/{here}:lists"
    ]


def test_what_learners_do_is_not_announced(database, heard):
    with database.transaction() as session:
        caller, row = new_course(session)

    def walk(_session):
        view = progress.select(database, ContentCache(), caller, row, resume=True)
        while view.step:
            view = progress.advance(database, ContentCache(), caller, view.step.id)
        progress.select(database, ContentCache(), caller, row, resume=False)

    assert heard(walk) == []
