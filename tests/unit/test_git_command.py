"""Git as a process: it gets its input whole, however long it takes."""

import hashlib

from sync.git import command
from sync.git.command import GitCommand


def test_git_that_does_not_take_its_input_at_once_gets_all_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "_TICK_SECONDS", 0.001)  # sooner than git begins
    data = b"x" * 1_000_000
    done = GitCommand(tmp_path, "a copy", {}, 60.0).run("hash-object", "--stdin", data=data)

    assert done.returncode == 0
    assert done.stdout.decode().strip() == hashlib.sha1(b"blob 1000000\0" + data).hexdigest()
