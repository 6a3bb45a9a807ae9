"""Operators see what the process counts; nobody else does, and no tenant is named."""

from __future__ import annotations

import asyncio
import re
import threading

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from sync.worker import run_worker
from tests.builders import new_course
from tests.http.posting import ask
from tests.serving import served
from tests.waiting import until
from walkthroughs.database.pool import connect
from walkthroughs.database.prepared import Prepared, Statement
from walkthroughs.events.mover import move
from walkthroughs.identity.links import create_link
from walkthroughs.mcp_server.endpoint import build_endpoint
from walkthroughs.metrics import Metrics
from walkthroughs.serving.metrics_page import MetricsPage

ONE = Statement("one", ("int",), "SELECT $1")


def read(database, host, token=None, metrics=None, **headers):
    """Read the page as from *host*; underscores in header names stand for hyphens."""
    app = Starlette(routes=MetricsPage(database, metrics or Metrics(), token).routes)

    async def get():
        transport = httpx.ASGITransport(app, client=(host, 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            more = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.get("/metrics", headers=more)

    return asyncio.run(get())


def value(page, name):
    found = re.search(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else None


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.7", {}, 403),
        ("127.0.0.1", {"x_forwarded_for": "203.0.113.9"}, 403),
        ("127.0.0.1", {"forwarded": "for=203.0.113.9"}, 403),
        ("127.0.0.1", {"via": "1.1 proxy"}, 403),
        ("nonsense", {}, 403),
    ],
)
def test_without_a_token_only_programs_of_this_machine_read_it(database, host, headers, status):
    assert read(database, host, **headers).status_code == status


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("Bearer right", 200),
        ("Bearer wrong", 403),
        ("right", 403),
        ("", 403),
        ("Bearer rïght", 403),
    ],
)
def test_with_a_token_it_alone_counts_from_wherever(database, given, status):
    for host in ("127.0.0.1", "203.0.113.9"):
        answer = read(database, host, "right", authorization=given.encode())
        assert answer.status_code == status


def test_calls_are_counted_by_tool_and_outcome_and_no_label_names_anybody(database, settings):
    metrics = Metrics()
    with database.transaction() as session:
        caller, row = new_course(session)
        token = create_link(session, "acme", "lea@x.example")
    endpoint = build_endpoint(database, settings, metrics=metrics)
    app = Starlette(routes=endpoint.routes, lifespan=lambda _: endpoint.lifespan())
    with served(app) as origin:
        address = f"{origin}/s/acme/mcp/u/{token}"

        def call(name, **arguments):
            return ask(address, "modern", "tools/call", name=name, arguments=arguments)

        call("select_walkthrough", walkthrough_id=row)
        call("next_walkthrough_step")
        call("next_walkthrough_step", current_step_id="ws_nowhere")
        call("no_such_tool")
    page = read(database, "127.0.0.1", metrics=metrics).text

    for tool, outcome, count in (
        ("select_walkthrough", "ok", 1),
        ("next_walkthrough_step", "ok", 1),
        ("next_walkthrough_step", "error", 1),
    ):
        name = f'handrail_tool_calls_total{{outcome="{outcome}",tool="{tool}"}}'
        assert value(page, name) == count
    assert value(page, 'handrail_tool_call_seconds_count{tool="next_walkthrough_step"}') == 2
    assert set(re.findall(r"(\w+)=\"", page)) == {"tool", "outcome", "le", "state"}
    for secret in ("no_such_tool", "acme", row, caller.organization_id, token):
        assert secret not in page


def test_events_that_wait_are_told_with_their_age(database):
    with database.transaction() as session:
        caller, row = new_course(session)
    with database.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO tool_events_incoming (occurred_at, organization_id, mcp_server_id,"
                " walkthrough_id, version, kind)"
                " SELECT (extract(epoch FROM now()) * 1000)::bigint - 90000, :org, 's', :row, 1,"
                " 'step' FROM generate_series(1, 3)"
            ),
            {"org": caller.organization_id, "row": row},
        )
    before = read(database, "127.0.0.1").text
    metrics = Metrics()
    metrics.events_moved(move(database))
    after = read(database, "127.0.0.1", metrics=metrics).text

    assert value(before, "handrail_events_waiting") == 3
    assert value(before, "handrail_events_oldest_seconds") >= 90
    assert [
        value(after, f"handrail_events_{name}")
        for name in ("waiting", "oldest_seconds", "moved_total")
    ] == [0, 0, 3]


def test_connections_are_told_by_what_they_do(database):
    metrics = Metrics()
    page = MetricsPage(database, metrics, None)

    def told():
        shown = page._metrics.text().decode()
        name = "handrail_database_connections"
        return [value(shown, f'{name}{{state="{state}"}}') for state in ("busy", "idle", "free")]

    async def ask_twice():
        prepared = Prepared(database, (ONE,), connections=2)
        metrics.watch_connections(prepared.connections)
        before = told()
        asked = asyncio.ensure_future(prepared.fetch(ONE, 1))
        await asyncio.sleep(0)  # it has its place from here on
        during = told()
        await asked
        after = told()
        prepared.close()
        return before, during, after

    with database.begin(), database.begin():
        assert told() == [2, 0, 8]
    assert told() == [0, 2, 8]
    assert asyncio.run(ask_twice()) == ([0, 2, 10], [1, 2, 9], [0, 3, 9])


def test_checks_of_sources_are_counted_by_what_they_came_to(synced):
    metrics, stop = Metrics(), threading.Event()

    def counted(outcome):
        page = metrics.text().decode()
        return value(page, f'handrail_sync_runs_total{{outcome="{outcome}"}}') or 0

    arguments = (synced.database, synced.settings, stop, metrics.source_synced)
    worker = threading.Thread(target=run_worker, args=arguments)
    worker.start()
    try:
        until(lambda: counted("unchanged"))
        synced.author.write("one", "two", "three")
        synced.author.commit()
        until(lambda: counted("applied") == 1)
        synced.author.folder.rename(synced.author.folder.with_name("gone"))
        until(lambda: counted("failed"))
    finally:
        stop.set()
        worker.join()
    assert set(re.findall(r'outcome="(\w+)"', metrics.text().decode())) == {
        "unchanged",
        "applied",
        "failed",
    }


def test_while_the_database_is_away_the_page_is_answered():
    away = connect("postgresql://nobody@127.0.0.1:9/nothing")
    page = read(away, "127.0.0.1")
    away.close()

    assert (page.status_code, value(page.text, "handrail_events_waiting")) == (200, 0)
