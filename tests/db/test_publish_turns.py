"""Writers of one walkthrough take turns; learners do not wait for them."""

from dataclasses import replace

import pytest
from sqlalchemy import select, text

from tests.builders import DASHBOARD, content, new_course, step
from tests.turns import take_turns
from walkthroughs.errors import ManagedByGit, WalkthroughArchived
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import ContentSource, McpServerWalkthrough, Walkthrough
from walkthroughs.publishing import assignments, read, writer
from walkthroughs.publishing.origin import Origin


class Writers:
    """A published walkthrough, a learner, and calls that are one transaction each."""

    def __init__(self, database):
        self.database = database
        with database.transaction() as session:
            self.caller, self.row = new_course(session)
            self.org = self.caller.organization_id
            source = ContentSource(organization_id=self.org, name="content", url="/srv/x")
            session.add(source)
            session.flush()
            self.source_id = source.id

    def call(self, work, *arguments):
        """Return a call of the writer for this walkthrough, in a transaction of its own."""

        def run():
            with self.database.transaction() as session:
                # Like a page that shows the row before it saves it.
                shown = session.get_one(Walkthrough, self.row)
                done = work(session, self.org, self.row, *arguments)
                assert shown in session
                return done

        return run

    def publish(self, *names):
        return self.call(writer.publish, content(*names), DASHBOARD)

    def turns(self, first, second):
        return take_turns(self.database, first, second)

    def stored(self):
        with self.database.transaction() as session:
            row = session.get_one(Walkthrough, self.row)
            live = read.read_content(session, self.org, self.row)
            return row, [each.id for each in live.steps]


@pytest.fixture
def writers(database):
    return Writers(database)


def test_two_who_publish_at_once_make_two_versions(writers):
    turns = writers.turns(writers.publish("one", "new"), writers.publish("two", "three", "four"))

    assert turns.waited
    assert (turns.first.result().version, turns.second.result().version) == (2, 3)
    row, steps = writers.stored()
    assert (row.version, row.step_count, steps) == (3, 3, ["two", "three", "four"])


def test_who_publishes_beside_an_archive_brings_the_walkthrough_back(writers):
    turns = writers.turns(writers.call(writer.archive, DASHBOARD), writers.publish("one", "new"))

    assert turns.waited
    assert turns.first.result() is True
    row, steps = writers.stored()
    assert (row.archived_at, row.version, steps) == (None, 2, ["one", "new"])


def test_who_archives_beside_a_publish_comes_last(writers):
    turns = writers.turns(writers.publish("one", "new"), writers.call(writer.archive, DASHBOARD))

    assert turns.waited
    assert turns.second.result() is True
    row, steps = writers.stored()
    assert row.archived_at is not None
    assert (row.version, steps) == (2, ["one", "new"])


def test_an_edit_beside_an_archive_is_refused_and_does_not_bring_the_walkthrough_back(writers):
    edit = writers.call(writer.change, lambda live: replace(live, title="New"), DASHBOARD)
    turns = writers.turns(writers.call(writer.archive, DASHBOARD), edit)

    assert turns.waited
    assert isinstance(turns.second.exception(), WalkthroughArchived)
    row, _ = writers.stored()
    assert row.archived_at is not None
    assert (row.title, row.version) == ("Deploy", 1)


def test_of_two_edits_at_once_none_is_lost(writers):
    def append(name):
        return lambda live: replace(live, steps=(*live.steps, step(name)))

    turns = writers.turns(
        writers.call(writer.change, append("four"), DASHBOARD),
        writers.call(writer.change, append("five"), DASHBOARD),
    )

    assert turns.waited
    row, steps = writers.stored()
    assert (row.version, steps) == (3, ["one", "two", "three", "four", "five"])


def test_who_publishes_while_a_source_adopts_the_walkthrough_is_sent_to_git(writers):
    turns = writers.turns(
        writers.call(writer.adopt, writers.source_id), writers.publish("one", "new")
    )

    assert turns.waited
    assert isinstance(turns.second.exception(), ManagedByGit)
    assert writers.stored()[1] == ["one", "two", "three"]


def test_a_source_that_writes_while_it_loses_the_walkthrough_writes_nothing(writers):
    writers.call(writer.adopt, writers.source_id)()
    detach = writers.call(writer.detach, writers.source_id)
    archive = writers.call(writer.archive, Origin(writers.source_id))
    turns = writers.turns(detach, archive)

    assert turns.waited
    assert isinstance(turns.second.exception(), ManagedByGit)
    assert writers.stored()[0].archived_at is None


def test_learners_start_and_go_on_while_somebody_publishes(writers):
    def walk():
        view = progress.select(
            writers.database, ContentCache(), writers.caller, writers.row, resume=True
        )
        return progress.advance(
            writers.database, ContentCache(), writers.caller, view.step.id
        ).step.title

    reworded = content(steps=(step("one", content="New."), step("two"), step("three")))
    turns = writers.turns(writers.call(writer.publish, reworded, DASHBOARD), walk)

    assert not turns.waited
    assert turns.second.result() == "Two"


def test_a_walkthrough_that_is_assigned_by_two_at_once_is_assigned_once(writers):
    with writers.database.transaction() as session:
        session.execute(text("DELETE FROM mcp_server_walkthroughs"))

    def by_hand():
        with writers.database.transaction() as session:
            session.add(
                McpServerWalkthrough(
                    organization_id=writers.org,
                    mcp_server_id=writers.caller.server_id,
                    walkthrough_id=writers.row,
                    display_order=7,
                    is_enabled=False,
                )
            )

    def by_import():
        with writers.database.transaction() as session:
            assignments.assign(session, writers.org, writers.caller.server_id, [writers.row])

    turns = writers.turns(by_hand, by_import)

    assert turns.waited
    assert turns.second.exception() is None
    with writers.database.transaction() as session:
        (row,) = session.scalars(select(McpServerWalkthrough)).all()
    assert (row.display_order, row.is_enabled) == (7, False)
