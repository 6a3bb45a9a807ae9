"""PostgreSQL is killed while learners walk over HTTP: calls fail in words, then work again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import psutil
import pytest
from mcp import Client
from sqlalchemy import text
from starlette.applications import Starlette

from tests.builders import content, new_course
from tests.clusters import copy
from tests.serving import served, view_of
from tests.waiting import PATIENCE
from walkthroughs.database import embedded
from walkthroughs.database.pool import connect
from walkthroughs.identity.links import create_link
from walkthroughs.mcp_server.endpoint import build_endpoint

LEARNERS, STEPS = 8, 60


@dataclass
class Log:
    """What one learner saw."""

    acknowledged: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    finished: bool = False


@pytest.fixture
def folder(tmp_path_factory, made_cluster):
    path = tmp_path_factory.mktemp("server") / "data"
    copy(made_cluster, path)
    yield path
    embedded.stop(path)


async def _learn(address, walkthrough_id, log):
    """Walk to the end; repeat a call that failed, as an assistant is told to."""
    async with Client(address) as client:
        answer = await client.call_tool("select_walkthrough", {"walkthrough_id": walkthrough_id})
        step = view_of(answer)["step"]
        while step:
            answer = await client.call_tool(
                "next_walkthrough_step", {"current_step_id": step["id"]}
            )
            if answer.is_error:
                log.troubles.append(answer.content[0].text)
                await asyncio.sleep(0.05)
                continue
            log.acknowledged.append(step["id"])
            step = view_of(answer)["step"]
        log.finished = True


async def _school(addresses, walkthrough_id, folder):
    logs = [Log() for _ in addresses]
    walks = [
        asyncio.create_task(_learn(address, walkthrough_id, log))
        for address, log in zip(addresses, logs, strict=True)
    ]
    for share in (0.3, 0.6):  # twice: while all is warm, and soon after
        while sum(len(log.acknowledged) for log in logs) < share * LEARNERS * STEPS:
            await asyncio.sleep(0.01)
        _kill(folder)
    await asyncio.wait_for(asyncio.gather(*walks), PATIENCE)
    return logs


def _kill(folder):
    pid = int((folder / "postmaster.pid").read_text().split()[0])
    process = psutil.Process(pid)
    family = [process, *process.children()]
    for each in family:
        each.kill()
    psutil.wait_procs(family, timeout=PATIENCE)


@pytest.mark.behaviour("B8")
def test_no_acknowledged_step_is_lost_and_everybody_finishes(folder, settings):
    database = connect(lambda: embedded.start(folder))
    with database.transaction() as session:
        _, row = new_course(session, content(*(f"s{n}" for n in range(STEPS))))
        tokens = [create_link(session, "acme", f"{n}@x.example") for n in range(LEARNERS)]
    endpoint = build_endpoint(database, replace(settings, database_url=None))
    app = Starlette(routes=endpoint.routes, lifespan=lambda _: endpoint.lifespan())
    with served(app) as origin:
        addresses = [f"{origin}/s/acme/mcp/u/{token}" for token in tokens]
        logs = asyncio.run(_school(addresses, row, folder))
    with database.transaction() as session:
        rows = session.execute(
            text(
                "SELECT status::text, jsonb_array_length(completed_steps) FROM walkthrough_progress"
            )
        ).all()
    database.close()

    assert all(log.finished for log in logs)
    assert [len(set(log.acknowledged)) for log in logs] == [STEPS] * LEARNERS
    assert [tuple(each) for each in rows] == [("completed", STEPS)] * LEARNERS
    told = {trouble for log in logs for trouble in log.troubles}
    assert all("Nothing was lost" in trouble for trouble in told), told
