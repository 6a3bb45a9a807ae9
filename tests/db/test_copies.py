"""Copies of repositories and keys are for us alone, and go when they are not needed."""

import os
import subprocess

from sync import sources
from sync.git.copies import copies_folder, copy_of, key_folder, sweep


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


def test_a_key_is_kept_beside_the_copies_while_it_is_used(tmp_path):
    with key_folder(tmp_path) as folder:
        assert folder.parent == copies_folder(tmp_path)
        assert folder.stat().st_mode & 0o777 == 0o700
        sweep(tmp_path, set())
        assert folder.is_dir()
    assert not folder.exists()
