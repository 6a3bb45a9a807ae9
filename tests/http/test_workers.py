"""`flask serve --workers`: several processes at one address, any of which may be killed."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest
from sqlalchemy import text

from tests.builders import content, new_course
from tests.http.posting import ask
from tests.processes import FlaskServe
from tests.waiting import PATIENCE, until
from walkthroughs.identity.links import create_link
from walkthroughs.serving.sizes import Sizes, TooManyConnections, check_room

LEARNERS, STEPS = 4, 12


def walk(address, walkthrough_id, steps, done):
    """Complete every step in order. A call without an answer is made again, as clients do."""
    until_when = time.monotonic() + PATIENCE
    calls = [("select_walkthrough", {"walkthrough_id": walkthrough_id})]
    calls += [("next_walkthrough_step", {"current_step_id": step}) for step in steps]
    troubles = []
    while calls and time.monotonic() < until_when:
        name, arguments = calls[0]
        try:
            answer = ask(address, "modern", "tools/call", name=name, arguments=arguments)
        except httpx.TransportError:
            continue  # its worker was killed
        if answer.status_code == 200 and not answer.json()["result"].get("isError"):
            done.append(calls.pop(0))
        elif "make the same call again" not in answer.text:  # a process that begins may be slow
            troubles.append(answer.text)
    return troubles


def workers_of(process):
    return psutil.Process(process.pid).children()


def scrape(origin):
    return httpx.get(f"{origin}/metrics").text


def told_by(origin):
    """Return the workers whose metrics are shown: one that has just begun is not among them."""
    return set(re.findall(r'_connections\{state="idle",worker="(\d)"\}', scrape(origin)))


def test_nothing_is_lost_when_each_worker_is_killed_in_turn(postgres, database, tmp_path):
    with database.transaction() as session:
        _, row = new_course(session, content(*(f"s{n}" for n in range(STEPS))))
        tokens = [create_link(session, "acme", f"{n}@x.example") for n in range(LEARNERS)]
        order = text("SELECT id FROM walkthrough_steps ORDER BY display_order")
        steps = list(session.scalars(order))
    variables = {
        "DATABASE_URL": postgres,
        "HANDRAIL_DATA_DIR": str(tmp_path / "var"),
        "HANDRAIL_SECRET_KEY": "a-secret-for-tests-only",
        "TMPDIR": "/tmp",  # the path of a socket has a hundred letters at most
    }
    done = []
    with FlaskServe(tmp_path, variables, "--workers", "2") as started:
        origin = started.origin
        until(lambda: told_by(origin) == {"1", "2"})
        first = workers_of(started.process)
        assert len(first) == 2
        with ThreadPoolExecutor(LEARNERS) as pool:
            walks = [
                pool.submit(walk, f"{origin}/s/acme/mcp/u/{token}", row, steps, done)
                for token in tokens
            ]
            pause = threading.Event()
            for number, worker in enumerate(first, 1):
                while len(done) < number * LEARNERS * STEPS // 3 and not all(
                    w.done() for w in walks
                ):
                    pause.wait(0.01)
                worker.kill()
                until(lambda gone=worker: gone not in workers_of(started.process))
                until(lambda: len(workers_of(started.process)) == 2)
        assert [each.result() for each in walks] == [[]] * LEARNERS, "each answer was a good one"

        with database.begin() as connection:
            places = connection.execute(
                text(
                    "SELECT status::text, jsonb_array_length(completed_steps) FROM walkthrough_progress"
                )
            ).all()
        assert [tuple(each) for each in places] == [("completed", STEPS)] * LEARNERS
        # One of them had moved events; another one goes on, and counts each step once.
        counted = text("SELECT coalesce(sum(steps), 0) FROM event_days")

        def all_are_moved():
            with database.begin() as connection:
                return connection.execute(counted).scalar() == LEARNERS * STEPS

        until(all_are_moved)
        until(lambda: told_by(origin) == {"1", "2"})
        page = scrape(origin)
        assert "handrail_events_waiting 0.0" in page, "what all share is told once"
        assert page.count("# TYPE handrail_database_connections ") == 1
        now = workers_of(started.process)
    log = started.log.read_text()
    assert log.count("ended with -9; another one starts in 0.5 s") == 2
    assert not any(worker.is_running() for worker in now)
    with pytest.raises(httpx.ConnectError):
        httpx.get(origin)


def test_processes_that_the_database_has_no_room_for_are_refused(database):
    check_room(database, Sizes(), 2)
    with pytest.raises(TooManyConnections) as refused:
        check_room(database, Sizes(), 3)
    assert str(refused.value) == (
        "3 processes may open 132 connections, and the database takes 97. "
        "Set HANDRAIL_DATABASE_CONNECTIONS to 97 or less, or raise its max_connections."
    )
