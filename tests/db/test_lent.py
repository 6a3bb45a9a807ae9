"""Who waits for the database too long stops waiting, and nobody else does."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from anyio import CapacityLimiter
from sqlalchemy import text

from tests.waiting import SOON, until
from walkthroughs.database.pool import Database, connect
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.mcp_server import threads
from walkthroughs.serving import background


def ask(database: Database, seconds: float) -> int:
    with database.begin() as connection:
        connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})
        return int(connection.execute(text("SELECT 1")).scalar_one())


def ask_within(database: Database, deadline: float, seconds: float) -> int:
    with database.lent.within(deadline):
        return ask(database, seconds)


def count_sleeping(database: Database, seconds: int) -> int:
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE :query"
    with database.begin() as connection:
        found = connection.execute(text(sleeping), {"query": f"SELECT pg_sleep({seconds}%"})
        return int(found.scalar_one())


def test_a_wait_ends_at_its_deadline_and_no_other_wait_does(database: Database) -> None:
    with ThreadPoolExecutor(2) as callers:
        other = callers.submit(ask, database, 3)
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            ask_within(database, 0.2, 600)
        assert time.monotonic() - began < SOON
        assert other.result() == 1
    assert ask(database, 0) == 1
    until(lambda: count_sleeping(database, 600) == 0)  # the server has noticed, too


def test_an_address_may_name_what_we_set_ourselves_and_its_own_patience(postgres: str) -> None:
    options = "application_name=other&connect_timeout=9&keepalives_idle=99&client_encoding=latin1"
    database = connect(f"{postgres}&{options}")
    try:
        given = database.engine.raw_connection()
        assert given.driver_connection is not None
        parameters = given.driver_connection.info.dsn_parameters
        given.close()
    finally:
        database.close()
    assert (parameters["application_name"], parameters["keepalives_idle"]) == ("handrail", "99")


def test_a_deadline_is_that_of_the_block_alone(database: Database) -> None:
    assert ask_within(database, 0.2, 0) == 1
    assert ask(database, 2.5) == 1
    assert ask_within(database, 60, 0) == 1


def test_a_thread_of_a_tool_gives_its_place_back_although_nothing_answers(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "_LATER_SECONDS", 0.1)

    async def call() -> int:
        tools = threads.Threads(database, CapacityLimiter(1))
        monkeypatch.setattr(threads, "_PATIENCE_SECONDS", 0.2)
        with pytest.raises(DatabaseUnavailable):
            await tools.run(lambda: ask(database, 601))
        monkeypatch.setattr(threads, "_PATIENCE_SECONDS", SOON)
        return await tools.run(lambda: 7)  # there is one place

    assert asyncio.run(call()) == 7


def test_all_waits_end_at_once_when_the_process_stops(database: Database) -> None:
    with ThreadPoolExecutor(2) as callers:
        waits = [callers.submit(ask, database, 31) for _ in range(2)]
        until(lambda: count_sleeping(database, 31) == 2)
        database.lent.end_all()
        for each in waits:
            with pytest.raises(DatabaseUnavailable):
                each.result()
    assert ask(database, 0) == 1


def test_a_process_stops_although_one_of_its_works_waits_for_the_database(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "_PATIENCE_SECONDS", 0.2)
    ended = []

    def work(_: threading.Event) -> None:
        try:
            ask(database, 32)
        except DatabaseUnavailable:
            ended.append(time.monotonic())

    with background.running({"waits": work}, database.lent.end_all):
        until(lambda: count_sleeping(database, 32) == 1)
        began = time.monotonic()
    assert len(ended) == 1
    assert ended[0] - began < SOON
