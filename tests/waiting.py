"""Wait for something that another thread does."""

import threading

import pytest


def until(done):
    pause = threading.Event()
    for _ in range(600):
        if done():
            return
        pause.wait(0.05)
    pytest.fail("it did not happen within thirty seconds")
