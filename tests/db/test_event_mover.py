"""Events are moved and counted exactly, whatever happens to movers."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.builders import content, learner, new_course, organization
from tests.events import (
    miscounted,
    move_all,
    move_as_before,
    recorded,
    steps_done,
    steps_recorded,
)
from tests.learners import CACHE, lea
from tests.turns import take_turns
from tests.waiting import PATIENCE, until
from walkthroughs.counted_log import CountedLog
from walkthroughs.database import listener
from walkthroughs.database.pool import connect
from walkthroughs.database.prepared import Prepared
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.events import mover
from walkthroughs.events.announcements import ANY, parse
from walkthroughs.events.mover import move, run_mover
from walkthroughs.events.turns import try_turn
from walkthroughs.learning import progress
from walkthroughs.learning.fast_path import ADVANCE, advance_fast
from walkthroughs.publishing import count_learners as counting
from walkthroughs.publishing.count_learners import count_learners

__all__ = ["lea"]
DAY_MS = 86_400_000
NOON = 1_793_880_000_000  # 2026-11-05 12:00 UTC
_EVENTS = """
    INSERT INTO tool_events_incoming (occurred_at, organization_id, mcp_server_id,
        mcp_server_user_id, walkthrough_id, version, kind)
    SELECT :at + n * :apart, :org, 'srv', :learner, 'wt', 1, :kind FROM generate_series(0, :last) n
"""

_OF_EACH = """
    INSERT INTO tool_events_incoming (organization_id, mcp_server_id, walkthrough_id, version, kind)
    SELECT id, 'srv', 'wt', 1, 'step' FROM organization ORDER BY id LIMIT :most
"""


def add(database, org, learner_id=None, *, count=1, at=NOON, apart=1, kind="step"):
    with database.begin() as connection:
        keys = {"at": at, "apart": apart, "org": org, "learner": learner_id, "kind": kind}
        connection.execute(text(_EVENTS), keys | {"last": count - 1})


def told(heard):
    heard.poll()
    return bool(heard.notifies)


def rows(database, query):
    with database.begin() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


@pytest.fixture
def acme(database):
    with database.transaction() as session:
        return organization(session).id


class Crowd:
    """Learners who go through a walkthrough again and again, each as fast as they can."""

    def __init__(self, database, clients):
        self.database, self.stop = database, threading.Event()
        steps = content(*(f"s{number}" for number in range(30)))
        with database.transaction() as session:
            caller, self.row = new_course(session, steps)
            org = caller.organization_id
            self.callers = [
                replace(caller, learner_id=learner(session, org, f"{n}@x.example").id)
                for n in range(clients)
            ]

    def walk(self):
        asyncio.run(self._walk())

    async def _walk(self):
        prepared = Prepared(self.database, (ADVANCE,), connections=len(self.callers))
        await asyncio.gather(*(self._one(prepared, caller) for caller in self.callers))
        prepared.close()

    async def _one(self, prepared, caller):
        while not self.stop.is_set():
            view = await asyncio.to_thread(
                progress.select, self.database, CACHE, caller, self.row, resume=False
            )
            step = view.step.id
            while moved := await advance_fast(prepared, caller, step):
                step = moved.current_step_id
            await asyncio.to_thread(progress.advance, self.database, CACHE, caller, step)


def test_every_snapshot_is_exact_while_eight_clients_step_and_movers_are_killed(
    postgres, database, monkeypatch
):
    monkeypatch.setattr(mover, "SECONDS", 0.01)
    crowd, stop, kills, seen = Crowd(database, 8), threading.Event(), 0, []
    chance = random.Random(7)
    with ThreadPoolExecutor(3) as pool, closing(connect(postgres)) as movers:
        walking = pool.submit(crowd.walk)
        moving = [pool.submit(run_mover, movers, 13, stop) for _ in "ab"]
        try:
            while len(seen) < 40 or not kills:
                with database.engine.connect() as connection:
                    connection.execution_options(isolation_level="REPEATABLE READ")
                    with connection.begin():
                        done = steps_done(connection)
                        assert (steps_recorded(connection), miscounted(connection)) == (done, [])
                        seen.append(done)
                with database.begin() as connection:
                    kills += connection.execute(
                        text(
                            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                            " WHERE query LIKE '%DELETE FROM tool_events_incoming%'"
                            " AND state IN ('active', 'idle in transaction')"
                            " AND pid <> pg_backend_pid()"
                        )
                    ).scalar()
                threading.Event().wait(chance.uniform(0, 0.05))
        finally:
            crowd.stop.set()
            stop.set()
        walking.result(PATIENCE)
        for each in moving:
            each.result(PATIENCE)
    move_all(database)

    assert kills > 0
    assert seen[-1] > seen[0]
    with database.begin() as connection:
        assert miscounted(connection) == []
        assert steps_recorded(connection) == steps_done(connection)
        assert connection.execute(text("SELECT count(*) FROM tool_events_incoming")).scalar() == 0


def test_a_second_mover_leaves_them_to_the_first(database, acme):
    add(database, acme, count=5)
    turns = take_turns(
        database, lambda: move(database), lambda: move(database), pause_after="tool_events_incoming"
    )

    assert (turns.waited, turns.first.result(), turns.second.result()) == (False, 5, 0)
    assert rows(database, "SELECT sum(steps) FROM event_days") == [(5,)]


def test_after_a_long_time_without_a_mover_nothing_is_missed_and_each_turn_is_bounded(
    database, acme
):
    add(database, acme, count=450)

    assert [move(database, 200) for _ in range(4)] == [200, 200, 50, 0]
    assert rows(database, "SELECT steps, started FROM event_days") == [(450, 0)]
    assert rows(database, "SELECT count(*) FROM tool_events") == [(450,)]


def test_days_are_those_of_the_event_in_utc_whatever_the_zone_of_the_database(database, acme):
    add(database, acme, count=2, at=NOON - 12 * 3_600_000 - 1, apart=1)  # midnight is between
    with database.begin() as connection:
        connection.execute(text("ALTER ROLE CURRENT_USER SET timezone = 'Pacific/Kiritimati'"))
    try:
        with closing(connect(database.open_connection.dsn())) as elsewhere:
            move(elsewhere)
    finally:
        with database.begin() as connection:
            connection.execute(text("ALTER ROLE CURRENT_USER RESET timezone"))

    assert rows(database, "SELECT day::text, steps FROM event_days ORDER BY 1") == [
        ("2026-11-04", 1), ("2026-11-05", 1),
    ]  # fmt: skip


def test_a_learner_is_active_once_a_day_also_when_days_are_moved_late(lea):
    org, who = lea.caller.organization_id, lea.caller.learner_id
    with lea.database.transaction() as session:
        other = learner(session, org, "max@x.example").id
    add(lea.database, org, who, count=6, apart=DAY_MS // 2)  # on four days
    add(lea.database, org, other, count=3)
    move(lea.database)
    add(lea.database, org, other, count=3)
    add(lea.database, org, None, count=3)
    move(lea.database)

    assert rows(lea.database, "SELECT day::text, learners FROM active_days ORDER BY day") == [
        ("2026-11-05", 2), ("2026-11-06", 1), ("2026-11-07", 1), ("2026-11-08", 1),
    ]  # fmt: skip
    active = rows(lea.database, "SELECT active_on::text FROM mcp_server_user ORDER BY email")
    assert active == [("2026-11-08",), ("2026-11-05",)]


def test_whoever_listens_is_told_once_a_turn_whose_events_came(postgres, database, acme):
    with database.transaction() as session:
        organization(session, "quiet")
    heard = listener.listen(database, mover.CHANNEL)
    with closing(heard):
        add(database, acme, count=3)
        move(database)
        move(database)  # nothing is left
        until(lambda: told(heard))
        assert [each.payload for each in heard.notifies] == [f"{acme}:wt"]

        heard.notifies.clear()
        with database.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO organization (id, slug, name, created_at)"
                    " SELECT 'org_number' || n, n, n, 0 FROM generate_series(1, 600) n"
                )
            )
            connection.execute(text(_OF_EACH), {"most": 1000})
        move(database)
        until(lambda: told(heard))
        assert [each.payload for each in heard.notifies] == ["*"]

        heard.notifies.clear()
        with database.begin() as connection:
            connection.execute(text(_OF_EACH), {"most": 500})
        move(database)
        until(lambda: told(heard))
        (announced,) = (parse(each.payload) for each in heard.notifies)
        assert set(announced.values()) == {frozenset({ANY})}
        assert len(announced) == 500


def test_events_of_a_walkthrough_that_is_deleted_stay_and_those_of_an_organization_go(lea):
    org = lea.caller.organization_id
    lea.select()
    lea.next()
    move(lea.database)
    lea.next()
    with lea.database.begin() as connection:
        connection.execute(text("DELETE FROM walkthroughs"))
    move(lea.database)
    assert rows(lea.database, "SELECT started, steps FROM event_days") == [(1, 2)]

    add(lea.database, org, count=4)
    with lea.database.begin() as connection:
        connection.execute(text("DELETE FROM organization"))
    assert move(lea.database) == 4
    assert recorded(lea.database) == []
    assert rows(lea.database, "SELECT 1 FROM event_days UNION ALL SELECT 1 FROM active_days") == []


def test_an_organization_that_is_deleted_just_now_is_waited_for(database, acme):
    add(database, acme, count=4)

    def delete():
        with database.begin() as connection:
            connection.execute(text("DELETE FROM organization"))

    turns = take_turns(database, delete, lambda: move(database))

    assert (turns.waited, turns.second.result()) == (True, 4)
    assert recorded(database) == []


def test_the_loop_goes_on_after_an_error_and_ends_when_it_is_asked_to(database, acme, monkeypatch):
    tries, stop = [], threading.Event()

    def broken(_):
        tries.append(1)
        if len(tries) == 1:
            raise DatabaseUnavailable
        if len(tries) == 2:
            raise ZeroDivisionError
        return move(database)

    monkeypatch.setattr(mover, "move", broken)
    monkeypatch.setattr(mover, "SECONDS", 0.01)
    add(database, acme)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_mover, database, 13, stop)
        try:
            until(lambda: rows(database, "SELECT steps FROM event_days") == [(1,)])
        finally:
            stop.set()
        running.result(PATIENCE)


def test_what_an_earlier_release_moved_and_forgot_is_counted_right_at_the_next_count(
    lea, caplog, monkeypatch
):
    # Of such lines one is written a minute: another test may have had it.
    monkeypatch.setattr(counting, "_log", CountedLog(logging.getLogger("counts")))
    database, org = lea.database, lea.caller.organization_id
    with database.transaction() as session:
        ben, cid = (learner(session, org, f"{name}@x.example").id for name in ("ben", "cid"))
    for learner_id in (ben, cid):
        add(database, org, learner_id, at=NOON - 40 * DAY_MS, kind="started")
    move_all(database)
    for learner_id in (ben, lea.caller.learner_id):
        add(database, org, learner_id, kind="restarted")
    add(database, org, None, kind="completed")
    move_as_before(database, 10)
    with database.begin() as connection:
        connection.execute(text("DELETE FROM mcp_server_user WHERE id = :id"), {"id": cid})
        connection.execute(text("UPDATE server_days SET finished = 7"))
        assert len(miscounted(connection)) > 3

    assert count_learners(database)
    with database.begin() as connection:
        assert miscounted(connection) == []
    kept = "SELECT day::text, started, finished FROM server_days ORDER BY day"
    assert rows(database, kept) == [("2026-09-26", 2, 0), ("2026-11-05", 2, 1)]
    last = "SELECT day::text, last FROM active_days ORDER BY day"
    assert rows(database, last) == [("2026-09-26", 0), ("2026-11-05", 2)]
    (said,) = caplog.messages
    assert said.startswith("4 counts by day were wrong")
    # What is right is not touched, and nobody who moves is waited for.
    with database.begin() as connection:
        assert try_turn(connection)
        assert count_learners(database)
    assert len(caplog.messages) == 1
