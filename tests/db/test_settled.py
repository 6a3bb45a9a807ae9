"""A commit that is live already is work done: nothing is written, whatever time or digest says."""

import os

import pytest
from sqlalchemy import text

from walkthroughs.enums import SyncTrigger
from walkthroughs.errors import WalkthroughNotFound
from walkthroughs.learning import catalog

_TABLES = ("walkthroughs", "walkthrough_steps", "walkthrough_versions", "mcp_server_walkthroughs")


def rows(room):
    """Return all content, with what tells whether a row was written again."""
    with room.database.transaction() as session:
        return {
            table: sorted(map(str, session.execute(text(f"SELECT xmin::text, * FROM {table}"))))
            for table in _TABLES
        }


def test_the_same_commit_once_more_and_read_again_writes_no_row(room):
    before, runs = rows(room), len(room.runs())
    for request in (
        {},
        {"trigger": SyncTrigger.POLL},
        {"read_all": True},
        {"read_all": True, "trigger": SyncTrigger.POLL},
    ):
        run = room.run(**request)
        assert (run.outcome, run.plan.changes, run.plan.problems) == ("applied", (), ())
        assert rows(room) == before

    assert len(room.runs()) == runs


def test_a_commit_that_changes_no_walkthrough_writes_no_row(room):
    before = rows(room)
    (room.author.folder / "README.md").write_text("For people.")
    room.sync()

    assert rows(room) == before
    assert room.status().sync == "synced"


def test_a_digest_that_another_release_computed_is_mended_without_a_version(room):
    place = room.next(room.select().step.id).step.id
    good, before = room.row(), room.progress_rows()
    with room.database.transaction() as session:
        session.execute(text("UPDATE walkthroughs SET digest = repeat('0', 64), git_tree = NULL"))
    run = room.run()

    assert (run.outcome, run.plan.problems) == ("applied", ())
    assert (room.row().version, room.row("other").version) == (1, 1)
    mended = room.row()
    assert (mended.digest, mended.git_tree, mended.updated_at) == (
        good.digest,
        good.git_tree,
        good.updated_at,
    )
    assert room.plan().changes == ()
    assert room.progress_rows() == before
    assert room.select().step.id == place
    with room.database.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM walkthrough_versions")) == 2


def test_what_another_release_computed_and_an_author_changed_is_one_version(room):
    with room.database.transaction() as session:
        session.execute(text("UPDATE walkthroughs SET digest = repeat('0', 64)"))
    room.author.write("one", "two", ("three", "", "New words."))
    room.sync()

    assert (room.row().version, room.row("other").version) == (2, 1)
    assert room.plan().changes == ()


def commit_at(room, date):
    """Commit everything with that date, of author and committer."""
    git = room.author.repository.git
    who = ("-c", "user.name=Eve", "-c", "user.email=e@x.example")
    git.add("--all")
    git.execute(
        ["git", *who, "commit", "-q", "-m", "Write", f"--date={date}"],
        env=os.environ | {"GIT_COMMITTER_DATE": date},
    )


@pytest.mark.parametrize("trigger", ["poll", "webhook", "command"])
def test_the_newest_commit_is_where_the_branch_is_whatever_its_date(room, trigger):
    """First far in the future, then at the very beginning, then back and forth."""
    dates = ("2099-12-31T23:59:59 +1400", "1970-01-01T00:00:00 +0000", "2038-01-20T00:00:00 -1200")
    for number, date in enumerate((*dates, dates[1]), start=2):
        room.author.write("one", "two", ("three", "", f"Text {number}."))
        commit_at(room, date)
        room.run(trigger=trigger)
        assert (room.row().version, room.status().sync) == (number, "synced")

    assert room.source().synced_commit == room.author.repository.head.commit.hexsha
    starts = [run.started_at for run in room.runs()]
    assert starts == sorted(starts)


def test_a_branch_set_back_to_an_older_commit_is_at_that_commit(room):
    room.author.write("one")
    commit_at(room, "1970-01-01T00:00:00 +0000")
    room.run()
    room.author.write("one", "two")
    commit_at(room, "2099-12-31T00:00:00 +0000")
    room.run()
    room.author.repository.git.reset("--hard", "HEAD~1")
    room.run()

    assert (room.row().step_count, room.row().version) == (1, 4)


def test_a_walkthrough_is_hidden_and_shown_again_and_everybody_keeps_their_place(room):
    view = room.next(room.select().step.id)
    place, before = view.step.id, room.progress_rows()
    for status in ("draft", "published", "draft", "published"):
        room.author.write("one", "two", "three", head=f"status: {status}\nservers: [acme]")
        run = room.sync()
        assert (run.outcome, [change.kind for change in run.plan.changes]) == ("applied", ["show"])
        assert room.row().is_published == (status == "published")
        shown = {card.id for card in catalog.list_walkthroughs(room.database, room.caller).cards}
        assert (room.row().id in shown) == (status == "published")
        if status == "draft":
            with pytest.raises(WalkthroughNotFound):
                room.select()

    assert (room.row().version, room.progress_rows()) == (1, before)
    again = room.select()
    assert (again.step.id, again.progress.completed_steps, again.notice) == (place, 1, None)
