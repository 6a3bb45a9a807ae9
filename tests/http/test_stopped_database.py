"""PostgreSQL is stopped and answers nothing: callers read words in time, and then all goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress

import httpx
import psutil
import psycopg2
import pytest

from app import add_pages, build_app, create_app
from tests.builders import new_course
from tests.http.posting import ask
from tests.serving import CONTENT, ServedServer, served
from tests.waiting import PATIENCE, SOON
from walkthroughs.database.pool import Database
from walkthroughs.mcp_server import texts
from walkthroughs.serving import whole as whole_requests
from walkthroughs.settings import Settings

pytestmark = pytest.mark.usefixtures("impatient_server")


@pytest.fixture
def whole(database: Database, settings: Settings) -> Iterator[ServedServer]:
    """A course behind the whole service, pages and probes too."""
    with database.transaction() as session:
        caller, row = new_course(session, CONTENT)
    with served(build_app(settings, add_pages(create_app(settings)))) as origin:
        yield ServedServer(origin, database, "acme", caller, row)


@contextmanager
def stopped(url: str) -> Iterator[None]:
    """Stop every process of the PostgreSQL at *url* while the block runs."""
    with closing(psycopg2.connect(url)) as connection:
        server = psutil.Process(connection.info.backend_pid).parent()
    assert server is not None
    processes = [server, *server.children(recursive=True)]
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # such as that of the connection above
            process.suspend()
    try:
        yield
    finally:
        for process in processes:
            if process.is_running():
                process.resume()


CALLS = (
    ("list_walkthroughs", {}),
    ("select_walkthrough", {"walkthrough_id": "wt_0000000000"}),
    ("next_walkthrough_step", {}),
    ("next_walkthrough_step", {"current_step_id": "ws_0000000000"}),
)


def test_tools_answer_in_words_within_seconds_and_go_on_afterwards(
    whole: ServedServer, postgres: str
) -> None:
    async def call_all() -> list[httpx.Response]:
        return await asyncio.gather(
            *(
                asyncio.to_thread(
                    ask, whole.address, era, "tools/call", name=name, arguments=arguments
                )
                for name, arguments in CALLS
                for era in ("legacy", "modern")
            )
        )

    assert ask(whole.address, "modern", "tools/call", name=CALLS[0][0], arguments={}).is_success
    with stopped(postgres):
        began = time.monotonic()
        answers = asyncio.run(call_all())
        took = time.monotonic() - began
    assert [each.json()["result"]["content"][0]["text"] for each in answers] == [
        texts.UNAVAILABLE
    ] * len(answers)
    assert took < 2 * SOON

    chosen = {"walkthrough_id": whole.walkthrough_id}
    after = ask(whole.address, "modern", "tools/call", name="select_walkthrough", arguments=chosen)
    assert "isError" not in after.json()["result"] or not after.json()["result"]["isError"]


def test_threads_of_pages_are_free_again_although_nothing_answers(
    whole: ServedServer, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_requests, "PAGE_SECONDS", 1.0)

    def push(_: int) -> int:
        return httpx.post(f"{whole.origin}/webhooks/git/x", json={}, timeout=PATIENCE).status_code

    with ThreadPoolExecutor(12) as callers:
        assert set(callers.map(push, range(12))) == {401}
        with stopped(postgres):
            began = time.monotonic()
            assert min(callers.map(push, range(12))) >= 500
            assert time.monotonic() - began < 2 * SOON
        assert set(callers.map(push, range(12))) == {401}


def test_health_answers_at_once_and_readiness_within_its_deadline(
    whole: ServedServer, postgres: str
) -> None:
    async def probe(path: str, times: int) -> tuple[float, set[int]]:
        async with httpx.AsyncClient(base_url=whole.origin) as client:
            began = time.monotonic()
            answers = await asyncio.gather(*(client.get(path) for _ in range(times)))
            return time.monotonic() - began, {answer.status_code for answer in answers}

    async def both() -> list[tuple[float, set[int]]]:
        return list(await asyncio.gather(probe("/readyz", 12), probe("/healthz", 3)))

    with stopped(postgres):
        (ready_after, ready), (healthy_after, healthy) = asyncio.run(both())
    assert (ready, healthy) == ({503}, {200})
    assert healthy_after < ready_after < SOON
