"""A fetch that does not end: the disk is full, or somebody killed git. The next run heals."""

import os
import resource
import threading
import time
from contextlib import suppress
from dataclasses import replace

import psutil
import pytest

from sync.git.credentials import Token
from sync.git.errors import RepositoryUnavailable
from sync.sync_source import sync_source
from tests.authors import PushedSource
from tests.children import run_in_child
from tests.git_hosts import PASSWORD, USER, https_host
from walkthroughs.database.pool import connect


def sync_with_little_room(url, settings, source_id):
    """Sync where no file may grow beyond a megabyte, so that writing the pack fails."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    database = connect(url)
    try:
        sync_source(database, settings, source_id)
    finally:
        database.close()


def add_something_large(synced):
    synced.author.write("one", "two", "three", "four")
    (synced.author.folder / "picture.bin").write_bytes(os.urandom(8_000_000))


def leftovers(synced):
    packs = synced.settings.data_dir / "git" / synced.source_id / "objects" / "pack"
    return sorted(packs.glob("*tmp[-_]*"))


def live(synced):
    row = synced.row()
    return row.version, row.step_count, row.archived_at


def test_a_full_disk_is_told_and_the_next_run_with_room_heals(synced, postgres):
    before = live(synced)
    add_something_large(synced)
    synced.author.commit()
    for _ in range(3):
        with pytest.raises(RepositoryUnavailable, match="index-pack"):
            run_in_child(sync_with_little_room, postgres, synced.settings, synced.source_id)
        assert live(synced) == before
        assert synced.status().health == "unreachable"
        assert leftovers(synced) == []
    assert str(synced.author.folder) in synced.source().error
    synced.run()

    assert live(synced) == (2, 4, None)
    assert synced.status().health == "healthy"


def test_a_folder_that_cannot_be_made_is_trouble_of_the_source_and_of_no_other(synced):
    where = synced.settings.data_dir / "git" / synced.source_id
    synced.run(read_all=True)
    where.rename(where.with_name("aside"))
    where.write_text("in the way")
    with pytest.raises(RepositoryUnavailable, match="could not work on its copy"):
        synced.run()
    assert synced.status().health == "unreachable"
    where.unlink()
    synced.run()

    assert synced.status().health == "healthy"


@pytest.fixture
def hosted(database, settings, tmp_path):
    """A source that is synced from a host, which then stops in the middle of a large pack."""
    made = PushedSource(database, settings, tmp_path)
    with https_host(made.bare.parent, tmp_path) as host:
        made.host, made.settings = host, replace(settings, git_ca_file=host.authority)
        made.point_at(f"{host.origin}/guides.git", Token(PASSWORD, USER))
        made.sync()
        add_something_large(made)
        made.push()
        host.trouble.append("stuck")
        yield made
    made.author.repository.close()


def writes_a_pack(process):
    return any("tmp_pack" in file.path for file in process.open_files())


def test_a_git_killed_while_it_writes_is_started_again(hosted):
    stop, killed = threading.Event(), []

    def watch():
        while not (stop.wait(0.01) or killed):
            for child in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):  # it may have ended by itself
                    if "index-pack" in child.cmdline() and writes_a_pack(child):
                        child.kill()
                        killed.append(child)
        hosted.host.recover()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        hosted.run()
    finally:
        stop.set()
        watcher.join()

    assert killed
    assert live(hosted) == (2, 4, None)
    assert hosted.status().health == "healthy"


def test_a_host_that_stops_in_the_middle_of_a_pack_is_given_up_and_leaves_nothing(hosted):
    patient, hosted.settings = hosted.settings, replace(hosted.settings, git_seconds=1.0)
    with pytest.raises(RepositoryUnavailable, match="within 1 s"):
        hosted.run()
    assert live(hosted) == (1, 2, None)
    assert leftovers(hosted) == []
    hosted.settings = patient
    hosted.host.recover()
    hosted.run()

    assert live(hosted) == (2, 4, None)


def test_what_a_killed_process_left_is_gone_once_nobody_can_be_writing_it(synced):
    packs = synced.settings.data_dir / "git" / synced.source_id / "objects" / "pack"
    long_ago = time.time() - synced.settings.git_seconds - 1
    for name in ("tmp_pack_old", ".tmp-1234-pack-old.pack"):
        (packs / name).write_bytes(b"PACK")
        os.utime(packs / name, (long_ago, long_ago))
    new = packs / "tmp_pack_of_another_process"
    new.write_bytes(b"PACK")
    synced.run()

    assert leftovers(synced) == [new]


@pytest.mark.parametrize("name", ["refs/handrail/incoming.lock", "packed-refs.lock", "HEAD.lock"])
def test_a_lock_that_a_killed_git_left_is_no_hindrance(synced, name):
    lock = synced.settings.data_dir / "git" / synced.source_id / name
    lock.write_bytes(b"")
    synced.author.write("one", "two")
    synced.sync()

    assert live(synced) == (2, 2, None)
