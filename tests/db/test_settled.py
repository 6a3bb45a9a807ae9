"""A commit that is live already is work done: nothing is written, whatever time or digest says."""

import os

import pytest
from sqlalchemy import text

from walkthroughs.enums import SyncTrigger
from walkthroughs.errors import WalkthroughNotFound
from walkthroughs.learning import catalog

_TABLES = ("walkthroughs", "walkthrough_steps", "walkthrough_versions", "mcp_server_walkthroughs")


def rows(synced):
    """Return all content, with what tells whether a row was written again."""
    with synced.database.transaction() as session:
        return {
            table: sorted(map(str, session.execute(text(f"SELECT xmin::text, * FROM {table}"))))
            for table in _TABLES
        }


def test_the_same_commit_once_more_and_read_again_writes_no_row(synced):
    before, runs = rows(synced), len(synced.runs())
    for request in (
        {},
        {"trigger": SyncTrigger.POLL},
        {"read_all": True},
        {"read_all": True, "trigger": SyncTrigger.POLL},
    ):
        run = synced.run(**request)
        assert (run.outcome, run.plan.changes, run.plan.problems) == ("applied", (), ())
        assert rows(synced) == before

    assert len(synced.runs()) == runs


def test_a_commit_that_changes_no_walkthrough_writes_no_row(synced):
    before = rows(synced)
    (synced.author.folder / "README.md").write_text("For people.")
    synced.sync()

    assert rows(synced) == before
    assert synced.status().sync == "synced"


def test_a_digest_that_another_release_computed_is_mended_without_a_version(synced):
    place = synced.next(synced.select().step.id).step.id
    good, before = synced.row(), synced.progress_rows()
    with synced.database.transaction() as session:
        session.execute(text("UPDATE walkthroughs SET digest = repeat('0', 64), git_tree = NULL"))
    run = synced.run()

    assert (run.outcome, run.plan.problems) == ("applied", ())
    assert (synced.row().version, synced.row("other").version) == (1, 1)
    mended = synced.row()
    assert (mended.digest, mended.git_tree, mended.updated_at) == (
        good.digest,
        good.git_tree,
        good.updated_at,
    )
    assert synced.plan().changes == ()
    assert synced.progress_rows() == before
    assert synced.select().step.id == place
    with synced.database.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM walkthrough_versions")) == 2


def test_what_another_release_computed_and_an_author_changed_is_one_version(synced):
    with synced.database.transaction() as session:
        session.execute(text("UPDATE walkthroughs SET digest = repeat('0', 64)"))
    synced.author.write("one", "two", ("three", "", "New words."))
    synced.sync()

    assert (synced.row().version, synced.row("other").version) == (2, 1)
    assert synced.plan().changes == ()


def commit_at(synced, date):
    """Commit everything with that date, of author and committer."""
    git = synced.author.repository.git
    who = ("-c", "user.name=Eve", "-c", "user.email=e@x.example")
    git.add("--all")
    git.execute(
        ["git", *who, "commit", "-q", "-m", "Write", f"--date={date}"],
        env=os.environ | {"GIT_COMMITTER_DATE": date},
    )


@pytest.mark.parametrize("trigger", ["poll", "webhook", "command"])
def test_the_newest_commit_is_where_the_branch_is_whatever_its_date(synced, trigger):
    """First far in the future, then at the very beginning, then back and forth."""
    dates = ("2099-12-31T23:59:59 +1400", "1970-01-01T00:00:00 +0000", "2038-01-20T00:00:00 -1200")
    for number, date in enumerate((*dates, dates[1]), start=2):
        synced.author.write("one", "two", ("three", "", f"Text {number}."))
        commit_at(synced, date)
        synced.run(trigger=trigger)
        assert (synced.row().version, synced.status().sync) == (number, "synced")

    assert synced.source().synced_commit == synced.author.repository.head.commit.hexsha
    starts = [run.started_at for run in synced.runs()]
    assert starts == sorted(starts)


def test_a_branch_set_back_to_an_older_commit_is_at_that_commit(synced):
    synced.author.write("one")
    commit_at(synced, "1970-01-01T00:00:00 +0000")
    synced.run()
    synced.author.write("one", "two")
    commit_at(synced, "2099-12-31T00:00:00 +0000")
    synced.run()
    synced.author.repository.git.reset("--hard", "HEAD~1")
    synced.run()

    assert (synced.row().step_count, synced.row().version) == (1, 4)


def test_a_walkthrough_is_hidden_and_shown_again_and_everybody_keeps_their_place(synced):
    view = synced.next(synced.select().step.id)
    place, before = view.step.id, synced.progress_rows()
    for status in ("draft", "published", "draft", "published"):
        synced.author.write("one", "two", "three", head=f"status: {status}\nservers: [acme]")
        run = synced.sync()
        assert (run.outcome, [change.kind for change in run.plan.changes]) == ("applied", ["show"])
        assert synced.row().is_published == (status == "published")
        shown = {
            card.id for card in catalog.list_walkthroughs(synced.database, synced.caller).cards
        }
        assert (synced.row().id in shown) == (status == "published")
        if status == "draft":
            with pytest.raises(WalkthroughNotFound):
                synced.select()

    assert (synced.row().version, synced.progress_rows()) == (1, before)
    again = synced.select()
    assert (again.step.id, again.progress.completed_steps, again.notice) == (place, 1, None)
