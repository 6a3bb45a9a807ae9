"""Learners are merged and erased while they walk over HTTP."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import select

from tests.builders import content, learner, walkthrough
from tests.http.posting import HEADERS
from tests.serving import VIEW
from tests.waiting import PATIENCE
from walkthroughs.database.unavailable import unavailable_errors
from walkthroughs.identity.erasing import erase
from walkthroughs.identity.links import create_link
from walkthroughs.identity.merging import merge_learners
from walkthroughs.models import WalkthroughProgress

LEA, MAX = "lea@x.example", "max@x.example"
STEPS = 40


class Assistant:
    """Calls tools by one personal link, and notes what it is told."""

    def __init__(self, address):
        self.address, self.http = address, httpx.Client(headers=HEADERS)
        self.acknowledged, self.errors, self.step = [], [], None

    def call(self, name, **arguments):
        params = {"name": name, "arguments": arguments}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        return self.http.post(self.address, json=body)

    def told(self, answer):
        result = answer.json().get("result", {})
        if result.get("isError", True):
            self.errors.append(answer.text)
            return None
        return result["_meta"][VIEW]

    def select(self, walkthrough_id):
        view = self.told(self.call("select_walkthrough", walkthrough_id=walkthrough_id))
        self.step = view and view["step"]
        return self.step

    def go_on(self):
        before = self.step["id"]
        view = self.told(self.call("next_walkthrough_step", current_step_id=before))
        if view:
            if "nothing moved" not in (view["notice"] or ""):
                self.acknowledged.append(before)
            self.step = view["step"]
        return view


class Pair:
    """Two learners of one server, each with a link, and a long walkthrough."""

    def __init__(self, course_server):
        self.database, self.org = course_server.database, course_server.caller.organization_id
        names = [f"s{number}" for number in range(STEPS)]
        with self.database.transaction() as session:
            learner(session, self.org, MAX)
            server_id = course_server.caller.server_id
            self.row = walkthrough(
                session, self.org, content(*names, id="long"), server_id=server_id
            )
            links = [create_link(session, "acme", email) for email in (LEA, MAX)]
        self.lea, self.max = (Assistant(f"{course_server.anonymous}/u/{link}") for link in links)

    def merge(self):
        def once():
            with unavailable_errors(), self.database.transaction() as session:
                return merge_learners(session, self.org, MAX, LEA)

        return self.database.attempt(once, repeatable=False)

    def rows(self):
        with self.database.transaction() as session:
            found = session.scalars(select(WalkthroughProgress)).all()
            session.expunge_all()
        return found


@pytest.fixture
def pair(course_server):
    made = Pair(course_server)
    yield made
    made.lea.http.close()
    made.max.http.close()


def test_two_who_walk_while_they_are_merged_lose_and_double_nothing_and_get_no_error(pair):
    on_the_way = threading.Barrier(3)

    def walk(assistant, before):
        assistant.select(pair.row)
        for _ in range(before):
            assistant.go_on()
        on_the_way.wait(PATIENCE)
        for _ in range(STEPS):
            if assistant.step is None or assistant.errors:
                break
            assistant.go_on()

    with ThreadPoolExecutor(2) as pool:
        walks = [pool.submit(walk, pair.lea, 3), pool.submit(walk, pair.max, 9)]
        on_the_way.wait(PATIENCE)
        merged = pair.merge()
        for each in walks:
            each.result()
    (row,) = pair.rows()

    assert merged.in_both == 1
    assert pair.lea.errors + pair.max.errors == []
    assert len(row.completed_steps) == len(set(row.completed_steps)) == STEPS
    assert row.status == "completed"
    assert set(pair.lea.acknowledged) | set(pair.max.acknowledged) == set(row.completed_steps)
    assert pair.lea.step is pair.max.step is None


@pytest.mark.parametrize("how", ["a step", "a step that is not named", "a start"])
def test_the_very_next_call_by_the_link_of_who_is_gone_is_the_other_learners(pair, how):
    pair.lea.select(pair.row)
    pair.lea.go_on()
    if how != "a start":
        pair.max.select(pair.row)
        assert pair.max.go_on()
    pair.max.call("list_walkthroughs")
    pair.merge()
    if how == "a start":
        step = pair.max.select(pair.row)
    elif how == "a step":
        step = pair.max.go_on()["step"]
    else:
        step = pair.max.told(pair.max.call("next_walkthrough_step"))["step"]

    assert step["title"] == ("S1" if how == "a start" else "S2")
    assert [row.mcp_server_user_id for row in pair.rows()] == [pair.rows()[0].mcp_server_user_id]
    assert pair.max.errors == []


@pytest.mark.parametrize("how", ["a step", "a start"])
def test_the_very_next_call_by_the_link_of_who_was_erased_changes_nothing(pair, how):
    pair.max.select(pair.row)
    pair.max.go_on()
    with pair.database.transaction() as session:
        assert erase(session, pair.org, MAX) == 1
    view = pair.max.go_on() if how == "a step" else pair.max.select(pair.row)

    assert view is None
    assert "The personal link used here has ended" in pair.max.errors[0]
    assert pair.rows() == []
