"""The connection that hears of changes, in a process that has many clients."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import text

from tests.waiting import PATIENCE
from walkthroughs.database.listener import close, listen, wait
from walkthroughs.database.pool import Database, connect

#: More than `select` knows of.
_FILES = 1100


@pytest.fixture
def database(postgres: str) -> Iterator[Database]:
    """A pool of new connections: others are kept from test to test, and have low numbers."""
    opened = connect(f"{postgres}&application_name=heard")
    yield opened
    opened.close()


def test_news_are_heard_in_a_process_with_more_than_a_thousand_clients(database: Database) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * _FILES), hard))
        for _ in range(_FILES):
            stack.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        listener = listen(database, "heard_here")
        stack.callback(close, listener)
        assert listener.fileno() >= 1024
        with database.autocommit() as connection:
            connection.execute(text("NOTIFY heard_here, 'news'"))
        (heard,) = wait(listener, PATIENCE, threading.Event())
    assert heard.payload == "news"
