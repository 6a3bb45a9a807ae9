"""Copies of repositories and keys are for us alone, and go when they are not needed."""

import os
import socket
import subprocess
import threading

import psutil
import pytest
from sqlalchemy import text

from sync import queue, sources
from sync.git.copies import copies_folder, copy_of, key_folder, sweep
from sync.runs import SourceRemoved
from sync.sync_source import plan_source, sync_source
from sync.worker import _check_or_record_error, check_source
from tests.waiting import until
from walkthroughs.errors import HandrailError
from walkthroughs.models import ContentSource


def test_copies_are_closed_to_other_users_also_those_of_an_earlier_release(synced):
    folder = synced.settings.data_dir / "git"
    folder.chmod(0o755)
    synced.author.write("one", "two")
    synced.sync()

    assert folder.stat().st_mode & 0o777 == 0o700
    assert copy_of(synced.settings.data_dir, synced.source_id).is_dir()


def test_a_source_that_is_removed_leaves_no_copy(synced):
    copy = copy_of(synced.settings.data_dir, synced.source_id)
    assert copy.is_dir()
    sources.remove_source(synced.database, synced.settings, synced.source())

    assert not copy.exists()


def test_what_killed_processes_and_removed_sources_left_is_swept_and_the_rest_stays(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    folder, here = copies_folder(tmp_path), socket.gethostname()
    left = [f"key-{here}-{ended.pid}-abc", f"trial-{here}-{ended.pid}-abc", "src_gone"]
    used = [
        f"key-{here}-{os.getpid()}-abc",
        f"trial-{here}-{os.getpid()}-abc",
        f"key-an-other-machine-{ended.pid}-abc",
        "src_there",
        "notes",
    ]
    for name in (*left, *used):
        (folder / name).mkdir()
        (folder / name / "file").write_text("x")
    sweep(tmp_path, {"src_there"})

    assert sorted(path.name for path in folder.iterdir()) == sorted(used)


@pytest.mark.parametrize(
    ("machine", "seconds"),
    [
        (f"{socket.gethostname()}-", 60),  # a container that began again
        ("an-other-machine-", 90_000),
        ("", 90_000),  # of an earlier release
    ],
)
def test_keys_whose_process_cannot_be_running_are_swept(tmp_path, machine, seconds):
    left = copies_folder(tmp_path) / f"key-{machine}{os.getpid()}-abc"
    left.mkdir()
    before = psutil.Process().create_time() - seconds
    os.utime(left, (before, before))
    sweep(tmp_path, set())

    assert not left.exists()


def test_a_source_is_not_removed_under_a_run_and_a_run_finds_one_that_is_gone(synced, caplog):
    row = synced.source()
    with queue.claim(synced.database, row.id, wait=False) as claimed:
        assert claimed is not None
        with pytest.raises(HandrailError, match="A run of this source is under way"):
            sources.remove_source(synced.database, synced.settings, row, wait=False)
    assert copy_of(synced.settings.data_dir, row.id).is_dir()

    sources.remove_source(synced.database, synced.settings, row)
    with pytest.raises(SourceRemoved):
        check_source(synced.database, synced.settings, row.id)
    stop = threading.Event()
    assert _check_or_record_error(synced.database, synced.settings, row, stop) is None
    assert caplog.messages == []
    assert not copy_of(synced.settings.data_dir, row.id).exists()


@pytest.mark.parametrize(
    "work",
    [
        lambda made, row: sync_source(made.database, made.settings, row.id),
        lambda made, row: plan_source(made.database, made.settings, row.id),
        lambda made, row: sources.remove_source(made.database, made.settings, row),
        lambda made, row: sources.change_source(
            made.database, made.settings, row, {"name": "newer"}, {}
        ),
    ],
)
def test_who_waited_for_a_source_that_is_removed_meanwhile_is_told(synced, work):
    told = []
    known = synced.source()
    with synced.database.transaction() as session:
        row = ContentSource(organization_id=known.organization_id, name="new", url=known.url)
        session.add(row)

    def wait():
        with pytest.raises(SourceRemoved) as error:
            work(synced, row)
        told.append(str(error.value))

    with queue.claim(synced.database, row.id, wait=False):
        waiting = threading.Thread(target=wait)
        waiting.start()
        until(lambda: _is_waited_for(synced.database))
        with synced.database.transaction() as session:
            session.delete(session.get_one(ContentSource, row.id))
    waiting.join()

    assert told == ["The content source was removed meanwhile."]


def _is_waited_for(database):
    with database.begin() as connection:
        asked = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
        return connection.execute(text(asked)).scalar_one()


def test_a_key_is_kept_beside_the_copies_while_it_is_used(tmp_path):
    with key_folder(tmp_path) as folder:
        assert folder.parent == copies_folder(tmp_path)
        assert folder.stat().st_mode & 0o777 == 0o700
        sweep(tmp_path, set())
        assert folder.is_dir()
    assert not folder.exists()
