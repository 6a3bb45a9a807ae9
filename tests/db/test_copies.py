"""Copies of repositories and keys are for us alone, and go when they are not needed."""

import os
import subprocess

import psutil
import pytest

from sync import queue, sources
from sync.git.copies import copies_folder, copy_of, key_folder, sweep
from sync.worker import check_source
from walkthroughs.errors import HandrailError


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
    folder = copies_folder(tmp_path)
    for name in (
        f"key-{ended.pid}-abc",
        f"key-{os.getpid()}-abc",
        f"trial-{ended.pid}-abc",
        f"trial-{os.getpid()}-abc",
        "src_gone",
        "src_there",
        "notes",
    ):
        (folder / name).mkdir()
        (folder / name / "file").write_text("x")
    sweep(tmp_path, {"src_there"})

    left = sorted(path.name for path in folder.iterdir())
    used = [f"{kind}-{os.getpid()}-abc" for kind in ("key", "trial")]
    assert left == sorted([*used, "src_there", "notes"])


def test_what_a_process_left_whose_number_another_has_by_now_is_swept(tmp_path):
    left = copies_folder(tmp_path) / f"key-{os.getpid()}-abc"  # a container that began again
    left.mkdir()
    before = psutil.Process().create_time() - 60
    os.utime(left, (before, before))
    sweep(tmp_path, set())

    assert not left.exists()


def test_a_source_is_not_removed_under_a_run_and_a_run_finds_one_that_is_gone(synced):
    row = synced.source()
    with queue.claim(synced.database, row.id, wait=False) as claimed:
        assert claimed is not None
        with pytest.raises(HandrailError, match="A run of this source is under way"):
            sources.remove_source(synced.database, synced.settings, row, wait=False)
    assert copy_of(synced.settings.data_dir, row.id).is_dir()

    sources.remove_source(synced.database, synced.settings, row)
    assert check_source(synced.database, synced.settings, row.id) is None
    assert not copy_of(synced.settings.data_dir, row.id).exists()


def test_a_key_is_kept_beside_the_copies_while_it_is_used(tmp_path):
    with key_folder(tmp_path) as folder:
        assert folder.parent == copies_folder(tmp_path)
        assert folder.stat().st_mode & 0o777 == 0o700
        sweep(tmp_path, set())
        assert folder.is_dir()
    assert not folder.exists()
