"""Git has a limit for each answer; what we do with the answers takes as long as it takes."""

import signal
import threading
import time

import psutil
import pytest

from sync.git.command import GitCommand
from sync.git.errors import CopyDamaged, Stopped
from sync.git.repository import Repository
from tests.authors import Author
from tests.waiting import SOON, until


@pytest.fixture
def git(tmp_path):
    author = Author(tmp_path / "content")
    author.write("one", "two")
    author.commit()
    yield GitCommand(author.folder, "the repository", {}, seconds=2)
    author.repository.close()


def test_our_own_work_between_two_answers_is_not_counted(git):
    with git.objects() as objects:
        first = list(objects.contents(["HEAD:walkthroughs/deploy/steps/one.md"], 1000))
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            sum(range(10_000))  # parsing
        second = list(objects.contents(["HEAD:walkthroughs/deploy/steps/two.md"], 1000))

    assert b"Do one." in first[0]
    assert b"Do two." in second[0]


def read_from_a_stopped_git(git):
    with git.objects() as objects:
        for child in psutil.Process().children():
            if "--batch-command" in child.cmdline() and child.cwd() == str(git.folder):
                child.send_signal(signal.SIGSTOP)
        list(objects.contents(["HEAD:walkthroughs/deploy/steps/one.md"], 1000))


def test_a_git_that_does_not_answer_is_ended_and_told(git):
    began = time.monotonic()
    with pytest.raises(CopyDamaged, match="could not read the copy"):
        read_from_a_stopped_git(git)

    assert time.monotonic() - began < SOON


def test_a_commit_that_is_read_is_left_off_once_the_server_stops(tmp_path):
    author, stop, read = Author(tmp_path / "content"), threading.Event(), []
    for number in range(150):
        author.write("one", name=f"w{number}")
    commit = author.commit()
    git = GitCommand(author.folder, "the repository", {}, seconds=60, stop=stop)

    def read_and_stop():
        with Repository(git, str(author.folder), "main").snapshot(commit, "", {}) as snapshot:
            for folder, _ in snapshot.folders:
                read.append(folder)
                stop.set()
                until(lambda: not gits_of(git))

    with pytest.raises(Stopped):
        read_and_stop()
    author.repository.close()
    assert len(read) <= 100, "those that were asked for at once"


def gits_of(git):
    children = psutil.Process().children()
    return [each for each in children if each.status() != psutil.STATUS_ZOMBIE
            and "--batch-command" in each.cmdline() and each.cwd() == str(git.folder)]  # fmt: skip
