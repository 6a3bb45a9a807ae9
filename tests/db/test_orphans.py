"""Git does not outlive the process that started it, though that is killed while git waits."""

import multiprocessing
import threading
from pathlib import Path

import psutil
import pytest

from sync.git.command import GitCommand
from sync.git.orphans import Orphans
from sync.worker import run_worker
from tests.git_hosts import PASSWORD, USER, https_host
from tests.waiting import PATIENCE, until


def ask(url, authority):
    """Ask a host for its branches; it hangs."""
    variables = {"GIT_SSL_CAINFO": str(authority), "GIT_CONFIG_COUNT": "0"}
    GitCommand(Path("/"), url, variables, 10 * PATIENCE).text("ls-remote", "--", url)


def gits(url):
    """The processes of git that have to do with an address, whoever their parent is."""
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if url in words and "git" in words[0] and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            pass
    return found


@pytest.fixture
def host(tmp_path):
    with https_host(tmp_path, tmp_path) as made:
        made.trouble.append("silent")
        yield made


@pytest.fixture
def asking(host):
    """A process whose git waits for a host, and the address that it asks."""
    url = host.origin.replace("https://", f"https://{USER}:{PASSWORD}@") + "/guides.git"
    process = multiprocessing.get_context("spawn").Process(
        target=ask, args=(url, host.authority), daemon=True
    )
    process.start()
    until(lambda: len(gits(url)) >= 2 and host.asked)
    yield process, url
    process.kill()
    for each in gits(url):
        each.kill()


def test_a_worker_ends_the_git_of_a_process_that_was_killed(asking, synced):
    process, url = asking
    process.kill()
    process.join(PATIENCE)
    assert len(gits(url)) >= 2, "git and the program that asks the host go on"
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(synced.database, synced.settings, stop))
    worker.start()
    try:
        until(lambda: gits(url) == [])
    finally:
        stop.set()
        worker.join()


def test_the_git_of_a_process_that_lives_is_left_alone(asking):
    process, url = asking
    before = {each.pid for each in gits(url)}
    orphans = Orphans()
    orphans.end()
    assert {each.pid for each in gits(url)} == before
    assert process.is_alive()

    process.kill()
    process.join(PATIENCE)
    orphans.end()
    assert {each.pid for each in gits(url)} == before, "it looks once a minute"


def test_a_number_of_another_container_says_nothing(asking, monkeypatch):
    from sync.git import orphans

    process, url = asking
    process.kill()
    process.join(PATIENCE)
    monkeypatch.setattr(orphans, "own_mark", lambda: "pid:[1] 1")
    Orphans().end()
    assert len(gits(url)) >= 2


def test_a_system_that_does_not_tell_of_its_processes_is_told_once(monkeypatch, tmp_path, caplog):
    """The worker goes on: there is nothing to mend."""
    from sync.git import orphans

    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path / "no proc"))
    monkeypatch.setattr(orphans, "_SECONDS", 0)
    caplog.set_level("INFO")
    looks = Orphans()
    for _ in range(3):
        looks.end()

    (told,) = caplog.records
    assert "no proc" in told.getMessage()
    assert told.exc_info is None
