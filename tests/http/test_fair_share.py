"""One link with very many calls delays nobody else, and its assistant is told to wait."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from itertools import islice
from typing import Any

import httpx
import pytest

from tests.http.posting import HEADERS, ask
from tests.serving import ServedServer
from tests.waiting import until
from walkthroughs.identity.links import create_link

CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "list_walkthroughs", "arguments": {}},
}


@pytest.fixture
def links(course_server: ServedServer) -> list[str]:
    """The links of two learners."""
    with course_server.database.transaction() as session:
        tokens = [create_link(session, "acme", f"{name}@x.example") for name in ("lea", "max")]
    return [f"{course_server.anonymous}/u/{token}" for token in tokens]


async def post(address: str, **more: str) -> tuple[bytes, dict[str, Any]]:
    """Send the call over a connection of its own; return the head of the answer and its result."""
    url = httpx.URL(address)
    body = json.dumps(CALL).encode()
    head = [f"POST {url.path} HTTP/1.1", f"Host: {url.netloc.decode()}", "Connection: close"]
    head += [f"{name}: {value}" for name, value in (HEADERS | more).items()]
    head += [f"Content-Length: {len(body)}", "", ""]
    reader, writer = await asyncio.open_connection("127.0.0.1", url.port)
    writer.write("\r\n".join(head).encode() + body)
    headers, _, content = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    answer = json.loads(content)
    assert "result" in answer, (headers, content)
    return headers, answer["result"]


async def flood(address: str, calls: int) -> list[tuple[bytes, dict[str, Any]]]:
    return await asyncio.gather(*(post(address) for _ in range(calls)))


def test_of_three_hundred_calls_at_once_over_one_link_the_others_are_told_to_wait(
    links: list[str],
) -> None:
    refused, rounds = [], 0
    while not refused and rounds < 10:  # a server that is quicker than this client refuses none
        answers = asyncio.run(flood(links[0], 300))
        assert all(head.startswith(b"HTTP/1.1 200 OK\r\n") for head, _ in answers)
        # On a busy machine, some are told that the database was slow.
        refused = [head for head, result in answers if "Wait 2 seconds" in str(result)]
        rounds += 1

    assert 0 < len(refused) < 300
    assert all(b"retry-after: 2\r\n" in head for head in refused)


def test_a_learner_beside_three_hundred_calls_over_another_link_is_answered(
    links: list[str],
) -> None:
    async def both() -> list[dict[str, Any]]:
        many = asyncio.create_task(flood(links[0], 300))
        alone = [(await post(links[1]))[1] for _ in range(20)]
        await many
        return alone

    assert not any(result.get("isError") for result in asyncio.run(both()))


def test_a_call_is_refused_before_the_database_is_asked_whose_it_is(
    links: list[str], course_server: ServedServer
) -> None:
    async def check() -> list[tuple[bytes, dict[str, Any]]]:
        with closing(course_server.database.open_connection()) as other:
            other.cursor().execute("LOCK TABLE personal_links")  # whose a link is, nobody learns
            many = [asyncio.create_task(post(links[0])) for _ in range(100)]
            first = [await each for each in islice(asyncio.as_completed(many), 20)]
        await asyncio.gather(*many)
        return first

    assert all("Wait 2 seconds" in str(result) for _, result in asyncio.run(check()))


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_what_is_no_call_of_a_tool_gets_status_429(
    links: list[str], course_server: ServedServer, era: str
) -> None:
    async def check() -> httpx.Response:
        await post(links[0])  # from now on, the server knows the link for two seconds
        with closing(course_server.database.open_connection()) as other:
            other.cursor().execute("LOCK TABLE mcp_server_walkthroughs")  # the calls wait for it
            many = asyncio.create_task(flood(links[0], 100))
            answer = await asyncio.to_thread(ask, links[0], era, "tools/list")
            while answer.status_code == 200:
                if many.done():  # this client was slower than their patience
                    many = asyncio.create_task(flood(links[0], 100))
                answer = await asyncio.to_thread(ask, links[0], era, "tools/list")
        await many
        return answer

    answer = asyncio.run(check())
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["id"] == "seven"
    assert "Wait 2 seconds" in answer.json()["error"]["message"]


def _calls_that_wait(server: ServedServer) -> int:
    """How many statements wait for a lock."""
    with closing(server.database.open_connection()) as watcher, watcher.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("by", ["tokens that prove nothing", "two links of one learner"])
def test_one_caller_takes_no_more_places_by_many_tokens_or_links(
    links: list[str], course_server: ServedServer, by: str
) -> None:
    with course_server.database.transaction() as session:
        other = f"{course_server.anonymous}/u/{create_link(session, 'acme', 'lea@x.example')}"
    addresses = [links[0], other] if by.startswith("two") else [course_server.anonymous] * 2

    async def check() -> int:
        for address in (*addresses, links[1]):
            await post(address)  # from now on, the server knows whose they are
        with closing(course_server.database.open_connection()) as held:
            held.cursor().execute("LOCK TABLE mcp_server_walkthroughs")  # the calls wait for it
            many = [
                asyncio.create_task(post(addresses[number % 2], Authorization=f"Bearer {number}"))
                for number in range(20)
            ]
            most = course_server.database.tool_threads
            await asyncio.to_thread(until, lambda: _calls_that_wait(course_server) >= most)
            answer = await asyncio.to_thread(ask, links[1], "legacy", "tools/list")
        await asyncio.gather(*many)
        return answer.status_code

    assert asyncio.run(check()) == 200
