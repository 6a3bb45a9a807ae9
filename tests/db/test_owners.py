"""A source comes, goes and comes back: what it left stays, and an id has one owner among sources."""

import pytest
from sqlalchemy import select

from sync.worker import check_source
from tests.authors import SyncedSource
from walkthroughs.models import ContentSource, Walkthrough


@pytest.fixture
def add(flask, synced):
    """Add a source for a folder by the command; return it, with the same learner."""

    def added(name, folder, *more):
        words = ("--organization", "acme", "--url", str(folder), "--name", name, *more)
        flask("sync", "source", "add", *words)
        made = SyncedSource.__new__(SyncedSource)
        made.__dict__ |= synced.__dict__
        with synced.database.transaction() as session:
            query = select(ContentSource.id).where(ContentSource.name == name)
            made.source_id = session.scalars(query).one()
        return made

    return added


def all_of(synced, name="deploy"):
    """Return the owners of the walkthroughs with this author's id; none is the dashboard."""
    with synced.database.transaction() as session:
        query = select(Walkthrough.source_id, Walkthrough.archived_at, Walkthrough.version)
        return [tuple(r) for r in session.execute(query.where(Walkthrough.external_id == name))]


def test_a_source_that_is_removed_leaves_all_as_it_is_and_asks_no_more(flask, synced):
    place, before = synced.next(synced.select().step.id).step.id, synced.progress_rows()
    flask("sync", "source", "remove", "content")
    synced.author.write("one")
    synced.author.commit()
    flask("sync", "apply")

    assert all_of(synced) == [(None, None, 1)]
    assert synced.progress_rows() == before
    assert synced.select().step.id == place


def test_a_source_that_is_added_again_adopts_what_it_had_and_nothing_changes(flask, synced, add):
    place, before = synced.next(synced.select().step.id).step.id, synced.progress_rows()
    ids = [synced.row("deploy").id, synced.row("other").id]
    flask("sync", "source", "remove", "content")
    again = add("content", synced.author.folder, "--hold")
    check_source(synced.database, synced.settings, again.source_id)
    assert all_of(synced) == [(None, None, 1)], "a worker that looks meanwhile makes nothing"
    for each in ids:
        flask("walkthroughs", "adopt", each, "content")

    assert "0 change(s)" in flask("sync", "plan", "content")
    flask("sync", "resume", "content")
    assert all_of(synced) == [(again.source_id, None, 1)]
    assert synced.progress_rows() == before
    assert synced.select().step.id == place


def test_without_adopting_the_plan_says_create_and_the_old_one_is_left_alone(flask, synced, add):
    synced.next(synced.select().step.id)
    old, before = synced.row().id, synced.progress_rows()
    flask("sync", "source", "remove", "content")
    again = add("content", synced.author.folder)
    assert "create   deploy" in flask("sync", "plan", "content", code=2)
    again.run()

    assert sorted(all_of(synced), key=str) == sorted(
        [(None, None, 1), (again.source_id, None, 1)], key=str
    )
    assert synced.progress_rows() == before
    said = flask("walkthroughs", "adopt", old, "content", code=1)
    assert "has a walkthrough with this id already" in said


def test_an_id_is_anothers_once_its_owner_is_gone_and_not_before(flask, synced, add, tmp_path):
    author = type(synced.author)(tmp_path / "second")
    author.write("uno", "dos")
    author.commit()
    second = add("second", tmp_path / "second")
    refused = second.run()
    assert 'belongs to the content source "content"' in str(refused.plan.problems[0])
    assert all_of(synced) == [(synced.source_id, None, 1)]
    flask("sync", "source", "remove", "content")
    taken = second.run()
    first_again = add("content", synced.author.folder).run()
    author.repository.close()

    assert taken.plan.problems == ()
    assert 'belongs to the content source "second"' in str(first_again.plan.problems[0])
    assert [owner for owner, _, _ in all_of(synced)].count(second.source_id) == 1


def test_an_archived_walkthrough_still_has_its_owner(synced, add, tmp_path):
    synced.drop("deploy")
    synced.sync()
    assert synced.row().archived_at is not None
    author = type(synced.author)(tmp_path / "second")
    author.write("uno")
    author.commit()
    run = add("second", tmp_path / "second").run()
    author.repository.close()

    assert 'belongs to the content source "content"' in str(run.plan.problems[0])


def test_two_sources_of_one_repository_do_not_fight(synced, add):
    twin = add("twin", synced.author.folder)
    for _ in range(2):
        synced.run()
        run = twin.run()
        assert len(run.plan.problems) == 2

    assert all_of(synced) == [(synced.source_id, None, 1)]
