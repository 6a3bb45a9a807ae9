"""The whole application runs; an author commits while a learner is on a step."""

from __future__ import annotations

import asyncio
import time

import pytest
from mcp import Client

from app import build_app, create_app
from tests.authors import Course
from tests.serving import served, view_of
from tests.waiting import PATIENCE
from walkthroughs.identity.links import create_link


@pytest.fixture
def synced(database, settings, tmp_path):
    made = Course(database, settings, tmp_path / "content")
    made.author.write("one", "two", "three", "four")
    made.sync()
    yield made
    made.author.repository.close()


@pytest.fixture
def address(synced, settings):
    with synced.database.transaction() as session:
        token = create_link(session, "acme", "lea@x.example")
    with served(build_app(settings, create_app(settings))) as origin:
        yield f"{origin}/s/acme/mcp/u/{token}"


class Learner:
    """A client that keeps the last answer."""

    def __init__(self, client, synced):
        self.client, self.synced, self.view = client, synced, {}

    async def look(self):
        return await self._call("select_walkthrough", walkthrough_id=self.synced.row().id)

    async def go_on(self):
        return await self._call("next_walkthrough_step", current_step_id=self.view["step"]["id"])

    async def _call(self, tool, **arguments):
        answer = await self.client.call_tool(tool, arguments)
        assert not answer.is_error, answer.content
        self.view, self.text = view_of(answer), answer.content[0].text
        return self.view

    async def after_commit(self, version):
        """Commit what the author wrote; return the first answer with that version."""
        rows = self.synced.progress_rows()
        self.synced.author.commit()
        began = time.monotonic()
        while self.synced.row().version < version:
            assert time.monotonic() - began < PATIENCE, "the commit is not live"
            await asyncio.sleep(0.02)
        assert self.synced.progress_rows() == rows, "a sync writes no progress"
        return await self.look()


async def _walk(address, synced):
    async with Client(address) as client:
        learner, write = Learner(client, synced), synced.author.write
        await learner.look()
        assert (await learner.go_on())["step"]["title"] == "Two"

        write("one", ("two", "", "New words."), "three", "four")
        view = await learner.after_commit(2)
        assert "New words." in learner.text
        assert view["walkthrough"]["version"] == 2
        assert (view["progress"]["completed_steps"], view["notice"]) == (1, None)

        write("zero", "one", "two", "three", "four")
        view = await learner.after_commit(3)
        assert view["step"]["title"] == "Two"
        assert view["notice"] == "Changed since you were here: 1 step added before this one."

        write("zero", "one", "three", "four")
        view = await learner.after_commit(4)
        assert view["step"]["title"] == "Three"
        assert view["progress"]["completed_steps"] == 1

        write("four", "three", "one", "zero")
        view = await learner.after_commit(5)
        assert view["step"]["title"] == "Three"
        titles = ["Three"]
        while (await learner.go_on())["step"]:
            titles.append(learner.view["step"]["title"])
        assert titles == ["Three", "Zero", "Four"]
        assert learner.view["progress"] == {
            "status": "completed", "completed_steps": 4, "total_steps": 4, "percent": 100,
        }  # fmt: skip


def test_edits_reach_a_learner_on_the_way_at_once_and_move_nobody(address, synced):
    asyncio.run(_walk(address, synced))
