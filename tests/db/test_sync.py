"""From a commit to rows, with real Git repositories and a learner on the way."""

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
from tests.authors import Classroom
from walkthroughs.models import ContentSource, McpServerWalkthrough


@pytest.fixture
def room(database, settings, tmp_path):
    made = Classroom(database, settings, tmp_path / "content")
    made.author.write("one", "two", "three")
    made.sync()
    yield made
    made.author.repository.close()


def test_a_commit_is_published_and_assigned(room):
    row = room.row()

    assert (row.version, row.is_published, row.step_count) == (1, True, 3)
    assert room.select().step.content == "Do one."
    with room.database.transaction() as session:
        source = session.get_one(ContentSource, room.source_id)
        assert source.synced_commit == room.author.repository.head.commit.hexsha
        assert session.scalars(select(McpServerWalkthrough)).one().is_enabled


def test_the_same_commit_again_writes_nothing(room):
    before = room.row()
    run = sync_source(room.database, room.settings, room.source_id)
    after = room.row()

    assert run.plan.changes == ()
    assert (before.version, before.updated_at) == (after.version, after.updated_at)


def test_edits_around_a_learner_leave_place_and_completions_alone(room):
    two = room.next(room.select().step.id).step.id
    rows = room.progress_rows()
    room.author.write("zero", "one", ("two", "", "New words."), "three")
    room.sync()

    assert room.progress_rows() == rows
    view = room.select()
    assert (view.step.id, view.step.content, view.walkthrough.version) == (two, "New words.", 2)
    assert view.progress.completed_steps == 1
    assert "1 step added before this one" in view.notice
    room.author.write("three", "one")
    room.sync()
    assert room.next(two).step.title == "Three"
    assert room.select().walkthrough.version == 3


def test_a_mistake_leaves_the_last_good_version_live_and_the_others_go_on(room):
    room.author.write("one", "two", "three", head="statu: published")
    room.author.write("solo", name="other")
    run = room.sync()

    assert room.row().version == 1
    assert room.row("other").version == 1
    assert [str(problem) for problem in run.plan.problems] == [
        'walkthroughs/deploy/walkthrough.yml:3: unknown key "statu"; did you mean "status"?'
    ]


def test_a_walkthrough_that_left_is_archived_and_comes_back_with_its_progress(room):
    two = room.next(room.select().step.id).step.id
    (room.author.folder / "walkthroughs/deploy/walkthrough.yml").unlink()
    waits = room.sync()
    assert (waits.outcome, room.row().archived_at) == ("waiting", None)
    sync_source(
        room.database,
        room.settings,
        room.source_id,
        SyncRequest(approved_fingerprint=waits.plan.fingerprint),
    )
    assert room.row().archived_at
    room.author.write("one", "two", "three")
    room.sync()

    assert (room.row().archived_at, room.row().version) == (None, 1)
    assert room.select().step.id == two


def test_an_unknown_server_is_reported_and_the_rest_applied(room):
    room.author.write("one", head="status: published\nservers: [nobody]")
    run = room.sync()

    assert room.row().version == 2
    assert 'no MCP server "nobody"' in str(run.plan.problems[0])


def test_a_commit_is_live_within_five_seconds_while_the_server_polls(room):
    stop, seen = threading.Event(), threading.Event()
    worker = threading.Thread(target=run_worker, args=(room.database, room.settings, stop))
    worker.start()
    try:
        room.author.write("one", "two", ("three", "", "Live."))
        room.author.commit()
        deadline = threading.Event()
        for _ in range(100):
            if room.row().version == 2:
                seen.set()
                break
            deadline.wait(0.05)
    finally:
        stop.set()
        worker.join()

    assert seen.is_set()


def test_a_missing_branch_folder_or_repository_archives_nothing(room, tmp_path):
    source = {"url": str(tmp_path / "nowhere")}, {"branch": "gone"}, {"path": "no/such/folder"}
    for change in source:
        with room.database.transaction() as session:
            row = session.get_one(ContentSource, room.source_id)
            before = {name: getattr(row, name) for name in change}
            for name, value in change.items():
                setattr(row, name, value)
        with pytest.raises(RepositoryUnavailable):
            sync_source(room.database, room.settings, room.source_id)
        with room.database.transaction() as session:
            row = session.get_one(ContentSource, room.source_id)
            for name, value in before.items():
                setattr(row, name, value)

    assert room.row().archived_at is None


def test_links_submodules_and_odd_names_are_not_read(room):
    folder = room.author.folder
    (folder / "walkthroughs/deploy/steps/leak.md").symlink_to("/etc/passwd")
    (folder / "walkthroughs/deploy/steps/b\\c.md").write_text("x")
    (folder / "walkthroughs/deploy/steps/-rf.md").write_text("x")
    (folder / ".gitattributes").write_text("* export-ignore\n*.md filter=evil\n")
    (folder / "walkthroughs/deploy/huge.md").write_bytes(b"x" * 300_000)
    commit = room.author.commit()
    where = room.settings.data_dir / "git" / "x"
    with open_repository(where, str(folder), "main", None, room.settings) as repository:
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
