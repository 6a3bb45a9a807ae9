"""The embedded server: stale files, crashes, and what was acknowledged before them."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from functools import partial

import psutil
import psycopg2
import pytest
from sqlalchemy.exc import SQLAlchemyError

from tests import clusters
from tests.builders import content, new_course
from tests.waiting import PATIENCE, until
from walkthroughs.database import cluster, embedded, leftovers, migrations
from walkthroughs.database.pool import connect
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.operations.postgres_programs import Programs, finish


@pytest.fixture
def folder(tmp_path_factory):
    """A data folder of the test's own."""
    path = tmp_path_factory.mktemp("server") / "data"
    yield path
    embedded.stop(path)


@pytest.fixture
def made(folder, made_cluster):
    """The same with a cluster in it, for tests that are not about making one."""
    clusters.copy(made_cluster, folder)
    return folder


def server_pid(folder):
    return int((folder / "postmaster.pid").read_text().split()[0])


def kill(folder):
    process = psutil.Process(server_pid(folder))
    family = [process, *process.children()]
    process.kill()
    psutil.wait_procs(family, timeout=PATIENCE)


def test_a_second_start_attaches_to_the_running_server(made):
    assert embedded.start(made) == embedded.start(made)
    assert embedded.stop(made)
    assert not embedded.stop(made)


@pytest.mark.parametrize("locale", ["xx_XX.UTF-8", "C.UTF-8"])
def test_text_is_sorted_alike_whatever_locale_the_environment_names(folder, monkeypatch, locale):
    monkeypatch.setenv("LC_ALL", locale)  # the first one is not installed anywhere

    with contextlib.closing(psycopg2.connect(embedded.start(folder))) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'postgres'"
        )
        assert cursor.fetchone() == ("b", "C.UTF-8")
        cursor.execute(
            "SELECT array_agg(t ORDER BY t), upper('ä') FROM unnest('{ä,a,B}'::text[]) t"
        )
        assert cursor.fetchone() == (["B", "a", "ä"], "Ä")
        cursor.execute("SELECT to_tsvector('english', '“Öfen” — backen')")
        assert cursor.fetchone() == ("'backen':2 'öfen':1",)


@pytest.fixture
def at_once(monkeypatch):
    """Let it give up at the first failure."""
    monkeypatch.setattr(embedded, "_ATTEMPTS", 1)


@pytest.mark.usefixtures("at_once")
def test_a_folder_that_holds_something_else_is_left_alone(folder):
    folder.mkdir()
    note = folder / "note.txt"
    note.write_text("this folder is not empty")

    with pytest.raises(psycopg2.OperationalError, match="is not empty, and holds no database"):
        embedded.start(folder)
    assert list(folder.iterdir()) == [note]


@pytest.mark.usefixtures("at_once")
def test_what_says_why_no_cluster_could_be_made_is_named(folder, monkeypatch, caplog):
    monkeypatch.setattr(cluster, "_NEW_CLUSTER", ("--encoding=klingon",))

    with pytest.raises(psycopg2.OperationalError, match="what initdb printed above says why"):
        embedded.start(folder)
    assert '"klingon" is not a valid' in caplog.text
    assert not folder.exists()


def test_what_a_killed_initdb_left_is_no_cluster(folder):
    unfinished = folder.with_name("data.new-abc")
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")

    psycopg2.connect(embedded.start(folder)).close()
    assert not unfinished.exists()


def test_the_name_of_a_folder_may_have_spaces_and_most_signs(folder):
    odd = folder.with_name("it's 100% & 1 + 1 more")
    database = connect(lambda: embedded.start(odd))
    try:
        migrations.upgrade(database)
        dumping = Programs(database).start("pg_dump", "--schema-only", stdout=subprocess.DEVNULL)
        finish(dumping, "pg_dump")
    finally:
        database.close()
        embedded.stop(odd)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("name", ["$HOME", "a,b", "`x`", 'a"b', "a\\b"])
def test_a_name_that_postgresql_would_misread_is_refused(folder, name):
    with pytest.raises(psycopg2.OperationalError, match="which PostgreSQL cannot take"):
        embedded.start(folder.with_name(name))


def test_an_empty_folder_may_be_there_also_elsewhere_behind_a_link(folder, tmp_path):
    elsewhere = tmp_path / "disk"
    elsewhere.mkdir()
    folder.symlink_to(elsewhere)

    psycopg2.connect(embedded.start(folder)).close()
    assert folder.with_name("data.lock").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["disk"]


@pytest.mark.parametrize("is_copied_back", [False, True])
def test_a_server_whose_folder_is_moved_away_ends_before_the_next_one_begins(made, is_copied_back):
    embedded.start(made)
    copy = made.with_name("copy")
    if is_copied_back:
        embedded.stop(made)
        clusters.copy(made, copy)
        embedded.start(made)
    old = psutil.Process(server_pid(made))
    made.rename(made.with_name("moved"))
    if is_copied_back:
        copy.rename(made)
    psycopg2.connect(embedded.start(made)).close()

    old.wait(PATIENCE)
    assert old.pid != server_pid(made)
    psycopg2.connect(embedded.start(made)).close()


def test_a_server_that_is_still_starting_is_waited_for(made):
    address = embedded.start(made)
    pid_file = made / "postmaster.pid"
    ready = pid_file.read_text()
    pid_file.write_text(ready.replace("ready", "starting"))
    found = []
    waiting = threading.Thread(target=lambda: found.append(embedded.start(made)))
    waiting.start()
    waiting.join(0.3)

    assert not found
    pid_file.write_text(ready)
    waiting.join(PATIENCE)
    assert found == [address]


def test_a_running_server_is_found_while_somebody_holds_its_turn(made):
    address = embedded.start(made)
    with embedded._one_at_a_time(embedded._lock_of(made)):
        assert embedded.start(made) == address


@pytest.mark.usefixtures("at_once")
def test_who_waits_for_a_turn_that_does_not_come_says_so(folder, monkeypatch):
    monkeypatch.setattr(embedded, "_TURN_SECONDS", 0.05)
    with (
        embedded._one_at_a_time(embedded._lock_of(folder)),
        pytest.raises(psycopg2.OperationalError, match="another process has been starting"),
    ):
        embedded.start(folder)


def test_a_pid_file_that_names_a_stranger_is_not_believed(made):
    embedded.start(made)
    pid_file = made / "postmaster.pid"
    stale = pid_file.read_text().split("\n")
    kill(made)
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *stale[1:]]))
        psycopg2.connect(embedded.start(made)).close()
    finally:
        stranger.communicate(b"\n")


def test_a_child_of_a_crashed_server_that_never_ends_keeps_no_new_one_from_starting(made):
    psycopg2.connect(embedded.start(made)).close()
    server = psutil.Process(server_pid(made))
    stuck = next(each for each in server.children() if "checkpointer" in " ".join(each.cmdline()))
    stuck.suspend()
    server.kill()
    server.wait(PATIENCE)

    psycopg2.connect(embedded.start(made)).close()
    stuck.wait(PATIENCE)


def test_a_server_that_another_caller_starts_meanwhile_keeps_its_files(made, monkeypatch):
    embedded.start(made)
    kill(made)
    other = threading.Thread(target=embedded.start, args=[made])
    working_in = leftovers._working_in

    def while_another_starts(data_dir):
        monkeypatch.setattr(leftovers, "_working_in", working_in)
        found = working_in(data_dir)
        other.start()
        other.join(1)  # it waits for this one: else it has started the server by then
        return found

    monkeypatch.setattr(leftovers, "_working_in", while_another_starts)
    address = embedded.start(made)
    other.join(PATIENCE)

    assert psutil.pid_exists(server_pid(made))
    psycopg2.connect(address).close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a container")
@pytest.mark.parametrize("command", [[], ["unshare", "--mount"]], ids=["here", "in a container"])
def test_a_server_of_another_container_is_left_alone(folder, tmp_path, command):
    program = tmp_path / "postgres"
    shutil.copy(shutil.which("tail"), program)
    # A shell that begins this in the background lets its children ignore the signal.
    usual = partial(signal.signal, signal.SIGQUIT, signal.SIG_DFL)
    words = [*command, program, "-f", "/dev/null", folder]
    other = subprocess.Popen(words, preexec_fn=usual)  # noqa: PLW1509  no other thread forks
    try:
        until(lambda: psutil.Process(other.pid).name() == "postgres")
        embedded.start(folder)
        assert (other.poll() is None) == bool(command)
    finally:
        other.kill()
        other.wait()


def test_after_a_crash_calls_work_again_and_no_acknowledged_step_is_lost(made):
    database = connect(lambda: embedded.start(made))
    names = [f"s{number}" for number in range(400)]
    with database.transaction() as session:
        caller, row = new_course(session, content(*names))
    acknowledged, failures = [], []
    halfway, healed = threading.Event(), threading.Event()

    def learn():
        """Walk on, repeating a call that failed, as an assistant would."""
        here = progress.select(database, ContentCache(), caller, row, resume=True).step
        while here and not (healed.is_set() and len(acknowledged) > 200):
            try:
                after = progress.advance(database, ContentCache(), caller, here.id).step
            except (SQLAlchemyError, psycopg2.Error) as error:
                failures.append(error)
                continue
            acknowledged.append(here.id)
            if len(acknowledged) == 100:
                halfway.set()
            here = after

    walker = threading.Thread(target=learn)
    walker.start()
    assert halfway.wait(PATIENCE)
    kill(made)
    healed.set()
    walker.join(PATIENCE)
    done = {
        line.id
        for line in progress.status(database, ContentCache(), caller, row).steps
        if line.completed
    }
    database.close()

    assert not walker.is_alive()
    assert len(acknowledged) > 200
    assert set(acknowledged) <= done
    assert len(acknowledged) == len(set(acknowledged))


@pytest.mark.skipif(os.geteuid() != 0, reason="the wheel opens parent folders only as root")
def test_as_root_the_parent_folders_become_readable_which_the_manual_tells(folder):
    folder.parent.chmod(0o700)
    embedded.start(folder)

    assert folder.parent.stat().st_mode & 0o005
