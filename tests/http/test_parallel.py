"""Many learners, many equal calls at once, over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from mcp import Client
from sqlalchemy import text

from tests.serving import ServedServer, call_until_taken, view_of
from walkthroughs.identity.links import create_link

#: Twenty equal calls are sent in tests/db/test_progress.py; here each one goes through a client.
LEARNERS, REPEATS = 30, 5


async def _learn(address: str, walkthrough_id: str) -> list[str]:
    """Start, send the same next call many times at once, for every step; return the titles."""
    async with Client(address) as client:
        answer = await client.call_tool("select_walkthrough", {"walkthrough_id": walkthrough_id})
        titles = []
        while step := view_of(answer)["step"]:
            titles.append(step["title"])
            calls = [
                call_until_taken(client, "next_walkthrough_step", {"current_step_id": step["id"]})
                for _ in range(REPEATS)
            ]
            answers: list[Any] = await asyncio.gather(*calls)
            assert not any(each.is_error for each in answers)
            places = {(view_of(each)["step"] or {}).get("id") for each in answers}
            assert len(places) == 1, places
            answer = answers[0]
        return titles


@pytest.mark.behaviour("B1")
def test_thirty_learners_with_five_equal_calls_for_each_step_lose_and_double_nothing(
    course_server: ServedServer,
) -> None:
    database = course_server.database
    with database.transaction() as session:
        tokens = [create_link(session, "acme", f"{n}@x.example") for n in range(LEARNERS)]

    async def everybody() -> list[list[str]]:
        gate = asyncio.Semaphore(4)

        async def one(token: str) -> list[str]:
            async with gate:
                return await _learn(
                    f"{course_server.anonymous}/u/{token}", course_server.walkthrough_id
                )

        return await asyncio.gather(*map(one, tokens))

    walks = asyncio.run(everybody())

    assert walks == [["One", "Two", "Three"]] * LEARNERS
    with database.transaction() as session:
        rows = session.execute(
            text(
                "SELECT status::text, jsonb_array_length(completed_steps) FROM walkthrough_progress"
            )
        ).all()
    assert [tuple(row) for row in rows] == [("completed", 3)] * LEARNERS
