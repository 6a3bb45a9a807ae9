"""From a commit to rows, with real Git repositories and a learner on the way."""

import shutil
import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from sync.git.errors import RepositoryUnavailable
from sync.git.repository import open_repository
from sync.layout import Unread
from sync.runs import SyncRequest
from sync.sync_source import sync_source
from sync.worker import run_worker
from tests.authors import Course
from tests.waiting import until
from walkthroughs.models import ContentSource, McpServerWalkthrough


@pytest.fixture
def synced(database, settings, tmp_path):
    made = Course(database, settings, tmp_path / "content")
    made.author.write("one", "two", "three")
    made.sync()
    yield made
    made.author.repository.close()


def test_a_commit_is_published_and_assigned(synced):
    row = synced.row()

    assert (row.version, row.is_published, row.step_count) == (1, True, 3)
    assert synced.select().step.content == "Do one."
    with synced.database.transaction() as session:
        source = session.get_one(ContentSource, synced.source_id)
        assert source.synced_commit == synced.author.repository.head.commit.hexsha
        assigned = session.scalars(select(McpServerWalkthrough)).one()
        assert assigned.is_enabled
        assert assigned.is_from_git


def test_the_same_commit_again_writes_nothing(synced):
    before = synced.row()
    run = sync_source(synced.database, synced.settings, synced.source_id)
    after = synced.row()

    assert run.plan.changes == ()
    assert (before.version, before.updated_at) == (after.version, after.updated_at)


def test_edits_around_a_learner_leave_place_and_completions_alone(synced):
    two = synced.next(synced.select().step.id).step.id
    rows = synced.progress_rows()
    synced.author.write("zero", "one", ("two", "", "New words."), "three")
    synced.sync()

    assert synced.progress_rows() == rows
    view = synced.select()
    assert (view.step.id, view.step.content, view.walkthrough.version) == (two, "New words.", 2)
    assert view.progress.completed_steps == 1
    assert "1 step added before this one" in view.notice
    synced.author.write("three", "one")
    synced.sync()
    assert synced.next(two).step.title == "Three"
    assert synced.select().walkthrough.version == 3


def test_a_mistake_leaves_the_last_good_version_live_and_the_others_go_on(synced):
    synced.author.write("one", "two", "three", head="statu: published")
    synced.author.write("solo", name="other")
    run = synced.sync()

    assert synced.row().version == 1
    assert synced.row("other").version == 1
    assert [str(problem) for problem in run.plan.problems] == [
        'walkthroughs/deploy/walkthrough.yml:3: unknown key "statu"; did you mean "status"?'
    ]


def test_a_walkthrough_that_left_is_archived_and_comes_back_with_its_progress(synced):
    two = synced.next(synced.select().step.id).step.id
    synced.author.write("one", name="other")
    synced.sync()
    shutil.rmtree(synced.author.folder / "walkthroughs/deploy")
    waits = synced.sync()
    assert (waits.outcome, synced.row().archived_at) == ("waiting", None)
    sync_source(
        synced.database,
        synced.settings,
        synced.source_id,
        SyncRequest(approved_fingerprint=waits.plan.fingerprint),
    )
    assert synced.row().archived_at
    synced.author.write("one", "two", "three")
    synced.sync()

    assert (synced.row().archived_at, synced.row().version) == (None, 1)
    assert synced.select().step.id == two


def test_an_unknown_server_is_reported_and_the_rest_applied(synced):
    synced.author.write("one", head="status: published\nservers: [nobody]")
    run = synced.sync()

    assert synced.row().version == 2
    assert 'no MCP server "nobody"' in str(run.plan.problems[0])


def test_a_commit_is_live_by_itself_while_the_server_polls(synced):
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(synced.database, synced.settings, stop))
    worker.start()
    try:
        synced.author.write("one", "two", ("three", "", "Live."))
        synced.author.commit()
        until(lambda: synced.row().version == 2)
    finally:
        stop.set()
        worker.join()


def test_a_missing_branch_folder_or_repository_archives_nothing(synced, tmp_path):
    source = {"url": str(tmp_path / "nowhere")}, {"branch": "gone"}, {"path": "no/such/folder"}
    for change in source:
        with synced.database.transaction() as session:
            row = session.get_one(ContentSource, synced.source_id)
            before = {name: getattr(row, name) for name in change}
            for name, value in change.items():
                setattr(row, name, value)
        with pytest.raises(RepositoryUnavailable):
            sync_source(synced.database, synced.settings, synced.source_id)
        with synced.database.transaction() as session:
            row = session.get_one(ContentSource, synced.source_id)
            for name, value in before.items():
                setattr(row, name, value)

    assert synced.row().archived_at is None


def test_a_change_that_had_a_fault_is_taken_back_when_its_files_are(synced):
    nowhere = "status: published\nservers: [acme, nowhere]"
    synced.author.write("one", "two", name="new")
    synced.sync()
    synced.author.write("one", "two", "three", name="new", head=nowhere)
    assert len(synced.sync().plan.problems) == 1
    assert synced.row("new").step_count == 3

    synced.author.write("one", "two", name="new")
    assert synced.sync().plan.problems == ()
    assert synced.row("new").step_count == 2


def test_links_submodules_and_odd_names_are_not_read(synced):
    folder = synced.author.folder
    (folder / "walkthroughs/deploy/steps/leak.md").symlink_to("/etc/passwd")
    (folder / "walkthroughs/deploy/steps/b\\c.md").write_text("x")
    (folder / "walkthroughs/deploy/steps/-rf.md").write_text("x")
    (folder / ".gitattributes").write_text("* export-ignore\n*.md filter=evil\n")
    (folder / "walkthroughs/deploy/huge.md").write_bytes(b"x" * 300_000)
    commit = synced.author.commit()
    where = synced.settings.data_dir / "git" / "x"
    with open_repository(where, str(folder), "main", None, synced.settings) as repository:
        repository.fetch()
        with repository.snapshot(commit, "", {}) as snapshot:
            files = dict(snapshot.folders)["walkthroughs/deploy"]

    assert files["walkthroughs/deploy/huge.md"] is Unread.TOO_LARGE
    assert "walkthroughs/deploy/steps/one.md" in files
    assert not any(odd in name for name in files for odd in ("leak", "b\\c", "-rf"))


@pytest.mark.parametrize(
    ("url", "branch"),
    [
        ("ext::sh -c id", "main"),
        ("--upload-pack=id", "main"),
        ("http://plain.example/x", "main"),
        ("https://user:secret@x.example/x", "main"),
        ("https://x.example/x", "--exec=id"),
        ("https://x.example/x", "a..b"),
        ("/etc", "main"),
    ],
)
def test_addresses_that_could_do_harm_are_refused(tmp_path, settings, url, branch):
    with (
        pytest.raises(RepositoryUnavailable) as raised,
        open_repository(
            tmp_path, url, branch, None, replace(settings, allow_local_repositories=False)
        ),
    ):
        pass

    assert "secret" not in str(raised.value)
