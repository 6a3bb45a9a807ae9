"""Wait for something that another thread, process or page does; and how long."""

import threading
import time

import pytest

#: How long a test waits for what shall happen, in seconds. It only keeps a test from hanging: what
#: works is there long before, also on a machine where twenty things run at once.
PATIENCE = 120.0
#: How soon "at once" has to be, in seconds: sooner than what waits for its turn gives up, ten
#: seconds in most places. It says nothing of speed, which the benches measure.
SOON = 8.0


def until(done):
    pause = threading.Event()
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if done():
            return
        pause.wait(0.05)
    pytest.fail(f"it did not happen within {PATIENCE:.0f} seconds")
