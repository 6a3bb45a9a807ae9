"""What holds an assistant back and what beginning again keeps, with the official client over HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from mcp import Client
from sqlalchemy import text

from tests.serving import ServedServer, call_until_taken, view_of
from tests.waiting import SOON
from walkthroughs.identity.links import create_link
from walkthroughs.models import McpServer

PACE = 2
LEARNERS, CALLS = 10, 40


@pytest.fixture
def paced(course_server: ServedServer) -> ServedServer:
    """A served course whose server has a pace."""
    with course_server.database.transaction() as session:
        session.get(McpServer, course_server.caller.server_id).pace_seconds = PACE
    return course_server


@pytest.mark.behaviour("B16")
def test_a_client_that_calls_as_fast_as_it_can_needs_the_pace_for_each_step(
    paced: ServedServer,
) -> None:
    async def rush() -> tuple[list[float], set[str], list[str]]:
        clock = asyncio.get_running_loop().time
        async with Client(paced.address) as client:
            wanted = {"walkthrough_id": paced.walkthrough_id}
            asked = clock()
            result = await client.call_tool("select_walkthrough", wanted)
            times, refusals, titles = [], set(), []
            while step := view_of(result)["step"]:
                titles.append(step["title"])
                # It was shown after it was asked for; how long the answer took does not count.
                begun, current = asked, step["id"]
                while view_of(result)["step"] and view_of(result)["step"]["id"] == current:
                    asked = clock()
                    result = await client.call_tool(
                        "next_walkthrough_step", {"current_step_id": current}
                    )
                    assert not result.is_error
                    if "Nothing moved" in result.content[0].text:
                        refusals.add(result.content[0].text)
                times.append(clock() - begun)
            return times, refusals, titles

    times, refusals, titles = asyncio.run(rush())

    assert titles == ["One", "Two", "Three"]
    assert min(times) > PACE - 0.1  # two clocks
    assert max(times) < PACE + SOON
    assert refusals
    for words in refusals:
        assert "it is the learner who does it" in words
        assert "Stop and wait for the learner" in words
        assert "call next_walkthrough_step with current_step_id" in words


@pytest.mark.behaviour("B17")
def test_parallel_and_repeated_calls_without_a_step_move_each_learner_once(
    paced: ServedServer,
) -> None:
    with paced.database.transaction() as session:
        session.get(McpServer, paced.caller.server_id).pace_seconds = 60
        tokens = [create_link(session, "acme", f"{n}@x.example") for n in range(LEARNERS)]

    async def learn(token: str, shown: asyncio.Barrier) -> Counter[str]:
        async with Client(f"{paced.anonymous}/u/{token}") as client:
            wanted = {"walkthrough_id": paced.walkthrough_id}
            await client.call_tool("select_walkthrough", wanted)
            if await shown.wait() == 0:
                _let_time_pass(paced)
            await shown.wait()
            calls = (call_until_taken(client, "next_walkthrough_step", {}) for _ in range(CALLS))
            answers: list[Any] = await asyncio.gather(*calls)
            assert not any(answer.is_error for answer in answers)
            return Counter(view_of(answer)["step"]["title"] for answer in answers)

    async def everybody() -> list[Counter[str]]:
        shown = asyncio.Barrier(LEARNERS)
        return await asyncio.gather(*(learn(token, shown) for token in tokens))

    assert asyncio.run(everybody()) == [Counter({"Two": CALLS})] * LEARNERS
    with paced.database.transaction() as session:
        query = text(
            "SELECT jsonb_array_length(completed_steps), hurried_calls FROM walkthrough_progress"
        )
        assert [tuple(row) for row in session.execute(query)] == [(1, CALLS - 1)] * LEARNERS


def _let_time_pass(course_server: ServedServer) -> None:
    """Let every step have been shown a while ago."""
    with course_server.database.engine.begin() as connection:
        connection.execute(text("UPDATE walkthrough_progress SET active_at = active_at - 60000"))


@pytest.mark.behaviour("B18")
def test_begun_again_twice_and_reset_once(course_server: ServedServer) -> None:
    async def walk() -> list[tuple[str, str, int, int]]:
        seen = []
        async with Client(course_server.address) as client:
            wanted = {"walkthrough_id": course_server.walkthrough_id}

            async def do(name: str, **arguments: Any) -> Any:
                result = await client.call_tool(name, arguments)
                assert not result.is_error, result.content
                return result

            async def look() -> None:
                facts = (await do("get_walkthrough_status", **wanted)).structured_content
                done = sum(step["completed"] for step in facts["steps"])
                current = facts["current_step_id"]
                titles = {step["id"]: step["title"] for step in facts["steps"]}
                seen.append(
                    (facts["status"], titles.get(current, ""), done, facts["earlier_attempts"])
                )

            result = await do("select_walkthrough", **wanted)
            for _ in range(2):
                step_id = view_of(result)["step"]["id"]
                result = await do("next_walkthrough_step", current_step_id=step_id)
            await look()
            result = await do("select_walkthrough", **wanted, resume_if_exists=False)
            await look()
            while step := view_of(result)["step"]:
                result = await do("next_walkthrough_step", current_step_id=step["id"])
            await look()
            await do("select_walkthrough", **wanted, resume_if_exists=False)
            await do("select_walkthrough", **wanted, resume_if_exists=False)
            await look()
            await do("reset_walkthrough_progress", **wanted, confirm=False)
            await look()
            await do("reset_walkthrough_progress", **wanted, confirm=True)
            await look()
        return seen

    assert asyncio.run(walk()) == [
        ("in_progress", "Three", 2, 0),
        ("in_progress", "One", 0, 1),
        ("completed", "", 3, 1),
        ("in_progress", "One", 0, 2),
        ("in_progress", "One", 0, 2),
        ("not_started", "", 0, 0),
    ]
