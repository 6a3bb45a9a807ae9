"""The database refuses connections: every client reads our words soon, and then goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

import psutil
import psycopg2
import pytest
from mcp import Client

from tests.http.posting import ask, post
from tests.refusing import connections_refused
from tests.serving import ServedServer
from tests.waiting import SOON
from walkthroughs.mcp_server import tenant, texts

NOTIFICATION = {"jsonrpc": "2.0", "method": "notifications/initialized"}
INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}


@pytest.mark.behaviour("B8")
@pytest.mark.parametrize("era", ["legacy", "modern"])
@pytest.mark.parametrize("tool", ["list_walkthroughs", "next_walkthrough_step", "unheard_of"])
def test_a_call_is_answered_in_words_and_with_its_id(
    course_server: ServedServer, postgres: str, era: str, tool: str
) -> None:
    with connections_refused(postgres):
        before = time.monotonic()
        response = ask(course_server.address, era, "tools/call", name=tool, arguments={})
        took = time.monotonic() - before

    answer = response.json()
    assert (response.status_code, answer["id"]) == (200, "seven")
    assert answer["result"]["isError"] is True
    assert answer["result"]["content"] == [{"type": "text", "text": texts.UNAVAILABLE}]
    assert answer["result"].get("resultType") == ("complete" if era == "modern" else None)
    assert took < SOON


@pytest.mark.parametrize(
    ("era", "method", "params"),
    [
        ("legacy", "initialize", INITIALIZE),
        ("modern", "server/discover", {}),
        ("legacy", "tools/list", {}),
        ("modern", "tools/list", {}),
        ("legacy", "ping", {}),
    ],
)
def test_whoever_connects_meanwhile_is_connected(
    course_server: ServedServer, postgres: str, era: str, method: str, params: dict[str, object]
) -> None:
    with connections_refused(postgres):
        response = ask(course_server.address, era, method, **params)

    answer = response.json()
    assert (response.status_code, answer["id"]) == (200, "seven")
    assert "error" not in answer
    if method == "tools/list":
        assert "next_walkthrough_step" in {tool["name"] for tool in answer["result"]["tools"]}


@pytest.mark.parametrize("version", ["2025-06-18", "2026-07-28"])
def test_a_notification_is_accepted_meanwhile(
    course_server: ServedServer, postgres: str, version: str
) -> None:
    with connections_refused(postgres):
        response = post(course_server.address, NOTIFICATION, mcp_protocol_version=version)

    assert (response.status_code, response.content) == (202, b"")


@pytest.fixture
def frozen(course_server: ServedServer, postgres: str) -> Iterator[None]:
    """The server's processes stand still, as when its machine is overloaded or cut off."""
    assert post(course_server.address).status_code == 200  # there are connections now
    with psycopg2.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
        clients = [psutil.Process(pid) for (pid,) in cursor if pid != connection.info.backend_pid]
    connection.close()
    postmaster = clients[0].parent()
    for process in (postmaster, *clients):
        process.suspend()
    yield
    for process in (postmaster, *clients):
        process.resume()


@pytest.mark.usefixtures("impatient_server", "frozen")
def test_a_database_that_does_not_answer_at_all_is_away_too(course_server: ServedServer) -> None:
    before = time.monotonic()
    response = ask(
        f"{course_server.anonymous}/u/unseen", "modern", "tools/call", name="list_walkthroughs"
    )

    assert response.json()["result"]["content"][0]["text"] == texts.UNAVAILABLE
    assert time.monotonic() - before < SOON


@pytest.mark.behaviour("B8")
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_session_reads_our_words_and_goes_on_in_the_same_session(
    course_server: ServedServer, postgres: str, mode: str
) -> None:
    async def walk() -> None:
        async with Client(course_server.address, mode=mode) as client:
            select = {"walkthrough_id": course_server.walkthrough_id}
            assert not (await client.call_tool("select_walkthrough", select)).is_error
            with connections_refused(postgres):
                # From while the address is still known to when it has to be asked for.
                end = time.monotonic() + tenant.CACHE_SECONDS + 1
                while (before := time.monotonic()) < end:
                    refused = await client.call_tool("next_walkthrough_step", {})
                    assert time.monotonic() - before < SOON
                    assert refused.is_error
                    assert refused.content[0].text == texts.UNAVAILABLE
            assert not (await client.call_tool("next_walkthrough_step", {})).is_error

    asyncio.run(walk())


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_session_that_begins_meanwhile_works_afterwards(
    course_server: ServedServer, postgres: str, mode: str
) -> None:
    async def walk() -> None:
        async with AsyncExitStack() as stack:
            with connections_refused(postgres):
                client = await stack.enter_async_context(Client(course_server.address, mode=mode))
                refused = await client.call_tool("list_walkthroughs", {})
            assert refused.content[0].text == texts.UNAVAILABLE
            assert not (await client.call_tool("list_walkthroughs", {})).is_error

    asyncio.run(walk())
