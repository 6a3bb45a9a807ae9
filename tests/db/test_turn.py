"""One process of several works, and work is never left undone for want of a file."""

import subprocess
import sys
import threading

from walkthroughs.serving.turn import Turn

HOLD = """
import fcntl, sys
file = open(sys.argv[1], "ab")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_work_begins_when_the_process_that_has_the_turn_has_ended(tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "turn"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout.readline() == b"held\n"
    begun, stop = threading.Event(), threading.Event()
    turn = Turn(tmp_path / "turn")
    waiting = threading.Thread(target=turn.waits(lambda _stop: begun.set()), args=(stop,))
    waiting.start()
    try:
        assert not begun.wait(0.05)
        other.communicate(b"")
        assert begun.wait(10)
    finally:
        stop.set()
        waiting.join()
        turn._file.close()  # which nobody does in production: it would give the turn away


def test_work_is_done_also_when_the_folder_of_the_turn_was_swept(tmp_path):
    done = threading.Event()
    Turn(tmp_path / "swept" / "turn").waits(lambda _stop: done.set())(threading.Event())

    assert done.is_set()
