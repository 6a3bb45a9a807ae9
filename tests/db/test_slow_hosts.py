"""A host that hangs delays no other source, and does not delay the end of the server."""

import threading
import time
from dataclasses import replace

import psutil
import pytest

from sync.git.credentials import Token
from sync.worker import run_worker
from tests.authors import Course, PushedSource
from tests.git_hosts import PASSWORD, USER, https_host
from tests.waiting import PATIENCE, SOON, until


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


def test_a_clock_that_was_set_back_delays_no_check(hanging, worker):
    """The last check lies an hour ahead."""
    hanging.host.recover()
    hour = 3_600_000
    hanging.set(checked_at=hanging.source().checked_at + hour, interval_seconds=3600)
    hanging.author.write("one", "two", "three")
    hanging.push()

    until(lambda: hanging.row().version == 2)
