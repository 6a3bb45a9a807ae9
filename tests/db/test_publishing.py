import pytest
from sqlalchemy import select

from tests.builders import DASHBOARD, content, organization, step, walkthrough
from walkthroughs.content.revision import Level
from walkthroughs.content.values import Move
from walkthroughs.errors import ManagedByGit, WalkthroughNotFound
from walkthroughs.models import WalkthroughStep, WalkthroughVersion
from walkthroughs.publishing import read, writer
from walkthroughs.publishing.origin import Origin


@pytest.fixture
def stored(database):
    with database.transaction() as session:
        org = organization(session)
        return database, org.id, walkthrough(session, org.id)


def publish(stored, wanted, origin=DASHBOARD):
    database, org, row = stored
    with database.transaction() as session:
        return writer.publish(session, org, row, wanted, origin)


def rows(stored):
    """Author id -> row id of the live steps, in order."""
    database, _, row = stored
    query = select(WalkthroughStep).where(
        WalkthroughStep.walkthrough_id == row, WalkthroughStep.archived_at.is_(None)
    )
    with database.transaction() as session:
        live = session.scalars(query.order_by(WalkthroughStep.display_order))
        return {step.external_id: step.id for step in live}


def test_what_was_published_is_what_is_read(stored):
    database, org, row = stored
    wanted = content(
        steps=(step("a", section="Start", agent_instructions="Wait.", verify="It runs."),),
        description="All of it.",
        tags=("x", "y"),
        estimated_minutes=7,
    )
    publish(stored, wanted)

    with database.transaction() as session:
        assert read.read_content(session, org, row) == wanted


def test_the_same_content_again_writes_nothing(stored):
    outcome = publish(stored, content())

    assert (outcome.version, outcome.level) == (1, None)


def test_a_text_change_is_the_next_version_with_its_history(stored):
    database, _, row = stored
    outcome = publish(stored, content(title="Deploy it"))

    assert (outcome.version, outcome.level) == (2, Level.TEXT)
    with database.transaction() as session:
        history = session.scalars(
            select(WalkthroughVersion.number)
            .where(WalkthroughVersion.walkthrough_id == row)
            .order_by(WalkthroughVersion.number)
        ).all()
    assert history == [1, 2]


def test_a_step_keeps_its_row_through_reordering_renaming_and_a_break(stored):
    before = rows(stored)
    publish(stored, content("three", "one"))
    publish(stored, content("three", "uno", "two", moved=(Move("one", "uno"),)))
    after = rows(stored)

    assert after == {"three": before["three"], "uno": before["one"], "two": before["two"]}


def test_an_id_that_an_archived_step_had_or_would_have_goes_to_the_live_one(stored):
    for number in range(9):  # row ids are random, and so is the order that rows are written in
        old, new = f"old{number}", f"new{number}"
        publish(stored, content(new, old, "two"))
        publish(stored, content(old, "two"))
        before = rows(stored)
        publish(stored, content(new, "two", moved=(Move(old, new),)))

        assert rows(stored) == {new: before[old], "two": before["two"]}


def test_of_two_steps_that_were_renamed_to_one_id_the_live_one_has_it(stored):
    publish(stored, content("two"))
    publish(stored, content("uno", "two"))
    before = rows(stored)
    publish(stored, content("eins", "two", moved=(Move("three", "uno"), Move("uno", "eins"))))

    assert rows(stored) == {"eins": before["uno"], "two": before["two"]}


def test_a_raised_revision_is_a_new_row_and_its_revert_the_old_one(stored):
    before = rows(stored)
    publish(stored, content(steps=(step("one", revision=2), step("two"), step("three"))))
    raised = rows(stored)
    publish(stored, content())

    assert raised["one"] != before["one"]
    assert rows(stored) == before


def test_the_dashboard_cannot_write_what_git_owns(database):
    with database.transaction() as session:
        org = organization(session)
        row = walkthrough(session, org.id)

    with pytest.raises(ManagedByGit, match="managed by a Git repository"):
        publish((database, org.id, row), content("one"), Origin(source_id="src_1"))


def test_another_organizations_walkthrough_is_not_there(stored):
    database, _, row = stored
    with database.transaction() as session:
        other = organization(session, "other")
        with pytest.raises(WalkthroughNotFound):
            writer.publish(session, other.id, row, content("one"), DASHBOARD)


def test_five_hundred_steps_are_one_chain(stored):
    names = [f"s{number}" for number in range(500)]
    publish(stored, content(*names))
    publish(stored, content(*reversed(names)))

    assert list(rows(stored)) == names[::-1]
