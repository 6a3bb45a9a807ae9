"""Git as a process: it gets its input whole, however late it begins to read."""

from sync.git import command
from sync.git.command import GitCommand


def test_git_that_does_not_read_its_input_at_once_gets_all_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "_TICK_SECONDS", 0.05)
    slow = ("-c", "alias.slow=!sleep 0.2; wc -c", "slow")  # several ticks later
    done = GitCommand(tmp_path, "a copy", {}, 60.0).run(*slow, data=b"x" * 1_000_000)

    assert (done.returncode, done.stdout.split()) == (0, [b"1000000"])
