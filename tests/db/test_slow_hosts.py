"""A host that hangs delays no other source, and does not delay the end of the server."""

import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import psutil
import pytest

from sync import queue, recheck
from sync.git.credentials import Token
from sync.worker import run_worker
from tests.authors import Course, PushedSource
from tests.git_hosts import PASSWORD, USER, https_host
from tests.waiting import PATIENCE, SOON, until
from walkthroughs.models import ContentSource


@pytest.fixture
def hanging(database, settings, tmp_path):
    """A source whose host answers nothing, and the settings to reach it."""
    made = PushedSource(database, settings, tmp_path / "slow")
    with https_host(made.bare.parent, tmp_path) as host:
        made.host = host
        made.settings = replace(settings, git_ca_file=host.authority)
        made.point_at(f"{host.origin}/guides.git", Token(PASSWORD, USER))
        made.sync()
        host.trouble.append("silent")
        yield made
        host.recover()
    made.author.repository.close()


@pytest.fixture
def worker(hanging):
    stop = threading.Event()
    thread = threading.Thread(target=run_worker, args=(hanging.database, hanging.settings, stop))
    thread.start()
    yield lambda: (stop.set(), thread.join(PATIENCE))
    stop.set()
    thread.join(PATIENCE)


@contextmanager
def working(hanging, at_once):
    """A worker with so few places, whose commands of git wait for as long as the settings say."""
    stop = threading.Event()
    thread = threading.Thread(
        target=run_worker,
        args=(hanging.database, hanging.settings, stop),
        kwargs={"at_once": at_once},
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)


def add_sources(hanging, *ids):
    """Let the organization have more sources at the host that hangs; return how many it has."""
    own = hanging.source()
    with hanging.database.transaction() as session:
        session.add_all(
            ContentSource(
                id=each, organization_id=own.organization_id, name=each, url=own.url,
                credential=own.credential, interval_seconds=1,
            )
            for each in ids
        )  # fmt: skip
    return len(ids) + 1


def add_source_of_folder(hanging):
    """Let the organization have a source that is at hand: a folder of this machine."""
    with hanging.database.transaction() as session:
        session.add(
            ContentSource(
                id="src_folder", organization_id=hanging.source().organization_id, name="folder",
                url=str(hanging.author.folder), path="", interval_seconds=1,
            )
        )  # fmt: skip


def source_of_folder(hanging):
    with hanging.database.transaction() as session:
        return session.get_one(ContentSource, "src_folder")


def gits():
    """The processes of git that ask a host; those of the tests' own repositories do not."""
    family = psutil.Process().children(recursive=True)
    return [each for each in family if "ls-remote" in each.cmdline()]


def test_another_source_is_live_while_a_host_hangs(hanging, worker, database, settings, tmp_path):
    asked = len(hanging.host.asked)
    until(lambda: len(hanging.host.asked) > asked)
    other = Course(database, settings, tmp_path / "other", slug="other")
    other.author.write("one")
    other.author.commit()

    until(lambda: other_is_live(database))
    other.author.repository.close()


@pytest.fixture
def other(database, settings, tmp_path):
    made = Course(database, settings, tmp_path / "other", slug="other")
    made.author.write("one")
    made.author.commit()
    yield made
    made.author.repository.close()


def test_with_two_places_an_organization_has_one_while_there_is_another(hanging, other, database):
    """The others' host is asked while it hangs: for longer than anybody waits."""
    add_sources(hanging, "src_1", "src_2")
    hanging.settings = replace(hanging.settings, git_seconds=4 * PATIENCE)
    asked = len(hanging.host.asked)
    with working(hanging, at_once=2):
        until(lambda: len(hanging.host.asked) > asked and other_is_live(database))
        other.author.write("one", "two")
        other.author.commit()
        until(lambda: other.row().step_count == 2)


def test_with_two_places_the_only_organization_has_both(hanging):
    """One host hangs, and its other sources are read."""
    hanging.settings = replace(hanging.settings, git_seconds=4 * PATIENCE)
    asked = len(hanging.host.asked)
    with working(hanging, at_once=2):
        until(lambda: len(hanging.host.asked) > asked)
        add_source_of_folder(hanging)
        until(lambda: source_of_folder(hanging).synced_commit is not None)


def test_with_one_place_organizations_take_turns_and_who_cannot_be_read_goes_behind(
    hanging, other, database
):
    """However many sources hang, whatever their ids are, and although they are always due."""
    count, before = add_sources(hanging, "a_1", "a_2", "a_3"), len(hanging.host.asked)
    hanging.settings = replace(hanging.settings, git_seconds=1)
    hanging.set(interval_seconds=1)
    with working(hanging, at_once=1):
        until(lambda: len(hanging.host.asked) >= before + count and other_is_live(database))
        other.author.write("one", "two")
        other.author.commit()
        until(lambda: other.row().step_count == 2)


def test_a_host_that_hangs_and_is_asked_again_and_again_leaves_others_their_turn(
    hanging, other, database
):
    add_sources(hanging, "a_1", "a_2")
    hanging.settings = replace(hanging.settings, git_seconds=1)

    def other_is_live_although_all_are_asked_for():
        with database.transaction() as session:
            for each in (hanging.source_id, "a_1", "a_2"):
                queue.request_sync(session, hanging.source().organization_id, each)
        return other_is_live(database)

    with working(hanging, at_once=1):
        until(other_is_live_although_all_are_asked_for)


def other_is_live(database):
    with database.engine.begin() as connection:
        found = connection.exec_driver_sql(
            "SELECT count(*) FROM walkthroughs w JOIN organization o ON o.id = w.organization_id"
            " WHERE o.slug = 'other'"
        )
        return found.scalar() == 1


def test_the_end_of_the_server_waits_for_no_host_and_leaves_no_git(hanging, worker):
    asked = len(hanging.host.asked)
    until(lambda: len(hanging.host.asked) > asked)
    assert gits() != []
    began = time.monotonic()
    worker()

    assert time.monotonic() - began < SOON
    assert gits() == []
    assert hanging.source().error is None, "a stop is no trouble of the source"


def test_the_end_of_the_server_waits_for_no_second_look(hanging, monkeypatch):
    """A source of which everything is live is looked at again; its next check is in an hour."""
    monkeypatch.setattr(recheck, "SECONDS", 0.2)
    hanging.settings = replace(hanging.settings, git_seconds=PATIENCE)
    hanging.set(interval_seconds=3600)
    asked = len(hanging.host.asked)
    with working(hanging, at_once=1):
        until(lambda: len(hanging.host.asked) > asked)
        began = time.monotonic()

    assert time.monotonic() - began < SOON
    assert gits() == []


def test_a_clock_that_was_set_back_delays_no_check(hanging, worker):
    """The last check lies an hour ahead."""
    hanging.host.recover()
    hour = 3_600_000
    hanging.set(checked_at=hanging.source().checked_at + hour, interval_seconds=3600)
    hanging.author.write("one", "two", "three")
    hanging.push()

    until(lambda: hanging.row().version == 2)
