"""A backup is one moment of a database that goes on, and comes back whole or not at all."""

import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import text

from app import create_app
from tests.builders import content, learner, new_course, organization
from tests.fast_steps import fast_step
from tests.pictures import stored_picture
from tests.processes import ROOT
from tests.waiting import PATIENCE, until
from walkthroughs.database import migrations
from walkthroughs.database.pool import connect
from walkthroughs.errors import HandrailError
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import Base
from walkthroughs.operations import archive, backup
from walkthroughs.operations.backup import store_secret_key
from walkthroughs.publishing.pictures import store_pictures

WORDS = "correct horse battery"


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch):
    """A guess costs little here: it is to cost a second, and nobody guesses."""
    monkeypatch.setattr(archive, "_COST", 2**10)


@pytest.fixture
def other(postgres):
    """The address of an empty database on the same server, without tables."""
    url = f"{postgres.rsplit('/', 1)[0]}/restored"
    if "?" in postgres:
        url = postgres.replace("/postgres?", "/restored?")
    main = connect(postgres)
    statement = "CREATE DATABASE restored"
    with main.autocommit() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS restored WITH (FORCE)"))
        connection.execute(text(statement))
    yield url
    with main.autocommit() as connection:
        connection.execute(text("DROP DATABASE restored WITH (FORCE)"))
    main.close()


@pytest.fixture
def passphrase(tmp_path):
    path = tmp_path / "passphrase"
    path.write_text(f"{WORDS}\n")
    return path


def run(settings, *words, code=0):
    app = create_app(settings)
    try:
        done = app.test_cli_runner().invoke(args=list(map(str, words)))
    finally:
        app.extensions["handrail"].database.close()
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done.output


def rows(database):
    with database.begin() as connection:
        return {
            name: connection.execute(text(f'SELECT t::text FROM "{name}" t ORDER BY 1')).scalars().all()
            for name in Base.metadata.tables
        }  # fmt: skip


def test_what_was_backed_up_comes_back_into_an_empty_database(
    database, settings, other, passphrase, tmp_path
):
    with database.transaction() as session:
        caller, row = new_course(session)
        store_pictures(session, caller.organization_id, row, [stored_picture()])
    view = progress.select(database, ContentCache(), caller, row, resume=True)
    before = rows(database)
    file = tmp_path / "backup"
    assert "Backed up to" in run(settings, "backup", file, "--passphrase-file", passphrase)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert settings.secret_key.encode() not in file.read_bytes()
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []

    there = replace(settings, database_url=other, data_dir=tmp_path / "there")
    run(there, "restore", file, "--passphrase-file", passphrase)
    restored = connect(other)
    assert rows(restored) == before
    migrations.check_models(restored)
    following = progress.advance(restored, ContentCache(), caller, view.step.id)
    assert following.step.title == "Two"
    restored.close()


def test_a_backup_taken_while_learners_walk_is_one_moment(
    database, settings, other, passphrase, tmp_path
):
    with database.transaction() as session:
        caller, row = new_course(session, content(*(f"s{number:02}" for number in range(40))))
        people = [
            Caller(caller.organization_id, caller.server_id,
                   learner(session, caller.organization_id, f"{number}@x.example").id)
            for number in range(4)
        ]  # fmt: skip
    stop, cache, walked = threading.Event(), ContentCache(), []

    def walk(who):
        step = progress.select(database, cache, who, row, resume=False).step
        while not stop.is_set():
            view = progress.advance(database, cache, who, step.id)
            walked.append(who)
            step = view.step or progress.select(database, cache, who, row, resume=False).step

    threads = [threading.Thread(target=walk, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    try:
        run(settings, "backup", tmp_path / "backup", "--passphrase-file", passphrase)
        at_end = len(walked)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert at_end > 20

    there = replace(settings, database_url=other, data_dir=tmp_path / "there")
    run(there, "restore", tmp_path / "backup", "--passphrase-file", passphrase)
    restored = connect(other)
    for who in people:
        status = progress.status(restored, cache, who, row)
        done = [line.completed for line in status.steps]
        assert done == sorted(done, reverse=True), "the steps done are those before the place"
        view = progress.select(restored, cache, who, row, resume=True)
        assert view.progress.completed_steps == sum(done)
    restored.close()


def test_a_commit_that_is_synced_again_after_a_restore_is_taught_by_a_process_that_goes_on(
    synced, settings, passphrase, tmp_path
):
    """The version has the number and the texts of before, and the rows of its steps are others."""
    file, cache, caller = tmp_path / "backup", ContentCache(), synced.caller
    database, row = synced.database, synced.row().id
    first = progress.select(database, cache, caller, row, resume=True).step.id
    run(settings, "backup", file, "--passphrase-file", passphrase)
    synced.author.write("one", "new", "last")
    synced.sync()
    assert progress.select(database, cache, caller, row, resume=True).step.id == first
    lost = [line.id for line in progress.status(database, cache, caller, row).steps]

    run(settings, "restore", file, "--passphrase-file", passphrase, "--replace")
    synced.run()
    assert synced.row().version == 2
    assert progress.select(database, cache, caller, row, resume=True).step.id == first
    moved = fast_step(database, caller, first)
    assert moved.current_step_id not in lost
    assert progress.read_view_of(database, cache, caller, moved).step.title == "New"
    assert progress.advance(database, cache, caller, moved.current_step_id).step.title == "Last"
    steps = [line.id for line in progress.status(database, cache, caller, row).steps]
    assert (steps[0], lost[0]) == (first, first)
    assert not {*steps[1:]} & {*lost[1:]}


def test_what_is_there_is_lost_only_if_asked_for_and_never_by_a_bad_backup(
    database, settings, passphrase, tmp_path
):
    with database.transaction() as session:
        organization(session, "acme")
    file = tmp_path / "backup"
    run(settings, "backup", file, "--passphrase-file", passphrase)
    with database.transaction() as session:
        organization(session, "later")
    restore = ("restore", file, "--passphrase-file", passphrase)
    before = rows(database)
    assert "With --replace, all of it is lost" in run(settings, *restore, code=1)

    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * 2 // 3])
    assert "is cut short" in run(settings, *restore, "--replace", code=1)
    at = whole.index(b"PGDMP") + 2000
    file.write_bytes(whole[:at] + b"\xff" * 300 + whole[at + 300 :])
    assert "Reading the backup failed" in run(settings, *restore, "--replace", code=1)
    file.write_bytes(whole.replace(b'"format": 1', b'"format": 2'))
    assert "later release" in run(settings, *restore, "--replace", code=1)
    head = migrations.current_revision(database)
    file.write_bytes(whole.replace(f'"{head}"'.encode(), b'"9999"'))
    assert "a newer release has been here" in run(settings, *restore, "--replace", code=1)
    passphrase.write_text("another one")
    file.write_bytes(whole)
    assert "another passphrase" in run(settings, *restore, "--replace", code=1)
    assert rows(database) == before

    passphrase.write_text(WORDS)
    run(settings, *restore, "--replace")
    assert [row for row in rows(database)["organization"] if "later" in row] == []


def test_a_database_that_holds_something_else_is_never_deleted(
    database, settings, other, passphrase, tmp_path
):
    file = tmp_path / "backup"
    run(settings, "backup", file, "--passphrase-file", passphrase)
    foreign, there = connect(other), replace(settings, database_url=other)
    restore = ("restore", file, "--passphrase-file", passphrase)
    for kept in (
        "TABLE invoices (id integer)",
        "TABLE alembic_version (version_num text)",
        "FUNCTION tax() RETURNS integer LANGUAGE sql AS 'SELECT 19'",
    ):
        with foreign.begin() as connection:
            connection.execute(text(f"CREATE {kept}"))
        for replacing in ((), ("--replace",)):
            assert "something else than Handrail" in run(there, *restore, *replacing, code=1)
        with foreign.begin() as connection:
            connection.execute(text(f"DROP {kept.partition(' (')[0].partition(' RETURNS')[0]}"))
    run(there, *restore)
    migrations.check_models(foreign)
    foreign.close()


def test_a_restore_waits_only_a_while_for_who_reads_the_tables(
    database, settings, passphrase, tmp_path, monkeypatch
):
    file = tmp_path / "backup"
    run(settings, "backup", file, "--passphrase-file", passphrase)
    before = rows(database)
    monkeypatch.setattr(backup, "_PATIENCE", "--command=SET lock_timeout = '100ms'")
    restore = ("restore", file, "--passphrase-file", passphrase, "--replace")
    with database.transaction() as reader:
        reader.execute(text("SELECT count(*) FROM organization"))
        assert "Somebody reads the database" in run(settings, *restore, code=1)
    assert rows(database) == before


def test_what_keeps_a_backup_from_being_made_is_told_in_one_line(
    database, settings, passphrase, tmp_path
):
    for file, words in (
        (tmp_path / "nowhere" / "backup", "is no folder that you may write to"),
        (tmp_path, "is a directory"),
    ):
        told = run(
            settings,
            "backup",
            file,
            "--passphrase-file",
            passphrase,
            code=2 if file == tmp_path else 1,
        )
        assert words in told
    passphrase.write_bytes(b"caf\xe9")
    told = run(settings, "backup", tmp_path / "x", "--passphrase-file", passphrase, code=1)
    assert told == f"Error: {passphrase} is no text in UTF-8.\n"


def test_a_backup_of_an_older_schema_is_brought_up_to_date(
    database, settings, other, passphrase, tmp_path
):
    old = connect(other)
    migrations.upgrade(old, "0012")
    there = replace(settings, database_url=other)
    run(there, "backup", tmp_path / "backup", "--passphrase-file", passphrase)
    with old.begin() as connection:
        connection.execute(text("CREATE TABLE left_over (id integer)"))
    old.close()
    run(there, "restore", tmp_path / "backup", "--passphrase-file", passphrase, "--replace")

    restored = connect(other)
    assert migrations.current_revision(restored) == migrations.current_revision(database)
    migrations.check_models(restored)
    restored.close()


def test_the_key_of_a_backup_is_put_where_this_installation_reads_it(
    database, settings, passphrase, tmp_path
):
    file = tmp_path / "backup"
    run(settings, "backup", file, "--passphrase-file", passphrase)
    here = replace(
        settings, given_secret_key="the key of the new machine", data_dir=tmp_path / "new"
    )
    here.data_dir.mkdir()
    (here.data_dir / "secret-key").write_text(here.secret_key)
    restore = ("restore", file, "--passphrase-file", passphrase, "--replace")
    assert "Restart every process" in run(here, *restore)
    key = here.data_dir / "secret-key"
    assert key.read_text() == settings.secret_key
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert (here.data_dir / "secret-key.before-restore").read_text() == here.secret_key

    key.unlink()
    told = run(here, *restore)
    assert "Set HANDRAIL_SECRET_KEY to it" in told
    assert settings.secret_key not in told
    assert (here.data_dir / "secret-key.restored").read_text() == settings.secret_key


def test_a_machine_without_the_programs_of_that_version_says_what_to_install(
    database, settings, passphrase, tmp_path, monkeypatch
):
    from walkthroughs.operations import postgres_programs

    monkeypatch.setattr(postgres_programs, "_folders", lambda: iter([tmp_path]))
    told = run(settings, "backup", tmp_path / "x", "--passphrase-file", passphrase, code=1)
    assert "Install them, as Debian's postgresql-client-" in told
    assert not os.path.lexists(tmp_path / "x")


def test_a_full_disk_leaves_the_key_that_was_there(settings, tmp_path):
    here = replace(settings, given_secret_key="the key of the new machine", data_dir=tmp_path)
    (tmp_path / "secret-key").write_text(here.secret_key)

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(HandrailError, match=r"could not be written.*restore once more"):
            store_secret_key(here, settings.secret_key)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]
    assert (tmp_path / "secret-key").read_text() == here.secret_key


def test_the_key_is_there_as_soon_as_what_it_opens(
    database, settings, passphrase, tmp_path, monkeypatch
):
    file = tmp_path / "backup"
    run(settings, "backup", file, "--passphrase-file", passphrase)
    here = replace(settings, given_secret_key="the key of the new machine", data_dir=tmp_path / "x")
    here.data_dir.mkdir()
    (here.data_dir / "secret-key").write_text(here.secret_key)

    def ends(_database):
        raise KeyboardInterrupt

    monkeypatch.setattr(migrations, "upgrade", ends)
    restore = ("restore", file, "--passphrase-file", passphrase, "--replace")
    run(here, *restore, code=1)
    assert (here.data_dir / "secret-key").read_text() == settings.secret_key


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_one_that_is_told_to_end_leaves_no_copy_of_the_database(
    database, settings, passphrase, tmp_path, command, monkeypatch
):
    monkeypatch.undo()  # a process of its own takes the time
    with database.transaction() as session:
        organization(session, "acme")
    run(settings, "backup", tmp_path / "backup", "--passphrase-file", passphrase)
    words = [command, tmp_path / "backup", "--passphrase-file", passphrase]
    before = rows(database)
    environment = os.environ | {
        "DATABASE_URL": settings.database_url, "HANDRAIL_DATA_DIR": str(settings.data_dir),
        "HANDRAIL_SECRET_KEY": settings.secret_key, "FLASK_APP": str(ROOT / "app.py"),
    }  # fmt: skip
    with database.transaction() as held:
        held.execute(text("LOCK TABLE organization"))
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", *words, *(["--replace"] * (command == "restore"))],
            env=environment, cwd=tmp_path,
        )  # fmt: skip
        until(lambda: waits_for_a_lock(database))
        process.terminate()
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM

    until(lambda: not runs_programs(database))  # the server sees late that nobody waits for it
    assert rows(database) == before
    assert list(tmp_path.glob(".handrail-*")) + list(settings.data_dir.glob(".handrail-*")) == []


def runs_programs(database):
    with database.begin() as connection:
        asked = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('psql', 'pg_dump')"
        )
        return connection.execute(text(asked)).scalar_one() > 0


def waits_for_a_lock(database):
    with database.begin() as connection:
        asked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'organization'::regclass"
        return connection.execute(text(asked)).scalar_one() > 0


def test_what_a_killed_one_left_is_gone_a_day_later(database, settings, passphrase, tmp_path):
    day_ago = time.time() - 90_000
    for name in (".handrail-backup-old", ".handrail-backup-new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dump").write_text("all of it")
    os.utime(tmp_path / ".handrail-backup-old", (day_ago, day_ago))
    run(settings, "backup", tmp_path / "backup", "--passphrase-file", passphrase)

    assert [path.name for path in tmp_path.glob(".handrail-*")] == [".handrail-backup-new"]
