"""The worker outlives what it depends on."""

import subprocess
import threading
from contextlib import suppress

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from sync.worker import run_worker
from tests.authors import Author, SyncedSource
from tests.clusters import copy
from tests.waiting import PATIENCE, until
from walkthroughs.database import embedded
from walkthroughs.database.pool import connect
from walkthroughs.models import ContentSource


@pytest.fixture
def folder(tmp_path_factory, made_cluster):
    path = tmp_path_factory.mktemp("server") / "data"
    copy(made_cluster, path)
    yield path
    embedded.stop(path)


def kill(folder):
    """Kill PostgreSQL and its children with -9."""
    process = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
    family = [process, *process.children()]
    for each in family:
        each.kill()
    psutil.wait_procs(family, timeout=PATIENCE)


@pytest.fixture
def mortal(folder, settings, tmp_path):
    """A synced source on a server of the test's own."""
    database = connect(lambda: embedded.start(folder))
    made = SyncedSource(database, settings, tmp_path / "content")
    made.author.write("one")
    made.sync()
    yield made
    made.author.repository.close()
    database.close()


def is_live(synced, version):
    # A connection of the pool may be dead still, or the server just be starting.
    with suppress(OperationalError):
        return synced.database.attempt(synced.row).version == version


def synced_commit(synced, source_id):
    with synced.database.transaction() as session:
        return session.get_one(ContentSource, source_id).synced_commit


def test_a_worker_goes_on_when_the_database_was_killed_again_and_again(mortal, folder):
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(mortal.database, mortal.settings, stop))
    worker.start()
    try:
        for version, steps in ((2, ("one", "two")), (3, ("two",)), (4, ("two", "three"))):
            kill(folder)
            mortal.author.write(*steps)
            mortal.author.commit()
            until(lambda wanted=version: is_live(mortal, wanted))
    finally:
        stop.set()
        worker.join()

    # A run that wrote, and whose record was lost in a kill, is begun again with the next commit.
    assert {run.outcome for run in mortal.database.attempt(mortal.runs)} == {"applied"}


def test_a_copy_that_a_killed_fetch_left_half_made_is_made_again(synced):
    where = synced.settings.data_dir / "git" / synced.source_id
    synced.author.write("one", "two")
    synced.author.commit()
    (where / "HEAD").unlink()  # as if killed between the folder and its first file
    synced.run()
    assert synced.row().version == 2
    damage(where)
    synced.author.write("one", "two", "three")
    synced.author.commit()
    synced.run()

    assert synced.row().version == 3


def test_a_damaged_copy_of_a_commit_that_is_here_already_is_made_again(synced):
    where = synced.settings.data_dir / "git" / synced.source_id
    damage(where)
    run = synced.run(read_all=True)

    assert (run.plan.changes, run.plan.problems) == ((), ())
    assert synced.source().error is None


def test_the_packs_that_years_of_fetches_bring_are_put_together(synced):
    for number in range(60):
        synced.author.write("one", name=f"w{number}")
    synced.sync()
    where = synced.settings.data_dir / "git" / synced.source_id
    ids = git(where, "rev-list", "--objects", "--no-object-names", "--all").split()
    for each in ids[:60]:
        git(where, "pack-objects", "--quiet", "objects/pack/pack", given=each)
    assert len(list(where.glob("objects/pack/*.pack"))) > 50
    synced.author.write("one", "two")
    synced.sync()

    assert len(list(where.glob("objects/pack/*.pack"))) < 5
    assert git(where, "fsck", "--full", "--strict") == ""
    assert (synced.row().step_count, synced.run(read_all=True).plan.problems) == (2, ())


def git(where, *words, given=""):
    done = subprocess.run(
        ["git", *words], cwd=where, input=given, capture_output=True, text=True, check=True
    )
    return done.stdout


def damage(where):
    """Empty every object of the copy."""
    for path in (where / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"")


@pytest.fixture
def refusing(database):
    """The database refuses what this release thinks right."""
    table = "ALTER TABLE walkthrough_versions"
    with database.begin() as connection:
        connection.execute(text(f"{table} ADD CONSTRAINT no CHECK (summary <> 'Text changed.')"))
    yield
    with database.begin() as connection:
        connection.execute(text(f"{table} DROP CONSTRAINT no"))


@pytest.mark.usefixtures("refusing")
def test_a_source_that_breaks_a_run_is_told_of_and_holds_up_no_other(synced, tmp_path):
    second = Author(tmp_path / "second")
    second.write("solo", name="second", head="status: published")
    second.commit()
    with synced.database.transaction() as session:
        organization_id = synced.caller.organization_id
        url = str(tmp_path / "second")
        session.add(ContentSource(id="zz", organization_id=organization_id, name="z", url=url))
    synced.author.write(("one", "", "New words."), "two", "three")
    synced.author.commit()
    synced.set(checked_at=None)  # due at once, and before the other
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(synced.database, synced.settings, stop))
    worker.start()
    try:
        until(lambda: synced_commit(synced, "zz"))
    finally:
        stop.set()
        worker.join()
    second.repository.close()

    assert synced.row("second").version == 1
    assert synced.row().version == 1
    assert "Something went wrong on our side" in synced.source().error
