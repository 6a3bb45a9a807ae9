"""Operators who set a collector get a trace of each tool call, with its SQL and nobody's data."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from tests.builders import new_course
from tests.collector import collecting, facts
from tests.http.posting import _META, post
from tests.serving import free_port, served
from tests.waiting import SOON, until
from walkthroughs.database.pool import connect
from walkthroughs.identity.links import create_link
from walkthroughs.mcp_server.endpoint import build_endpoint
from walkthroughs.serving.proxies import at_the_edge
from walkthroughs.serving.traces import Traces

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


class Course:
    """A served course whose tool calls are traced."""

    def __init__(self, origin, token, row, caller):
        self.address = f"{origin}/s/acme/mcp/u/{token}"
        self.token, self.row, self.caller = token, row, caller

    def call(self, name, meta=None, headers=None, **arguments):
        meta = {**_META, **(meta or {})}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": {"name": name, "arguments": arguments, "_meta": meta}}  # fmt: skip
        return post(
            self.address, body, mcp_protocol_version="2026-07-28", mcp_method="tools/call",
            mcp_name=name, **(headers or {}),
        )  # fmt: skip


@contextmanager
def traced(database, settings, address):
    """Serve a course; all traces are sent when the block ends."""
    with database.transaction() as session:
        caller, row = new_course(session)
        token = create_link(session, "acme", "lea@x.example")
    traces = Traces(address)
    own = connect(settings.database_url)  # its engine is watched as long as it is there
    traces.watch(own.engine)
    endpoint = build_endpoint(own, settings, traces=traces)
    app = Starlette(routes=endpoint.routes, lifespan=lambda _: endpoint.lifespan())
    try:
        with served(at_the_edge(app)) as origin:
            yield Course(origin, token, row, caller)
    finally:
        own.close()
        traces.close()


@pytest.mark.usefixtures("known_for_long")
def test_a_call_is_a_trace_with_its_statements_and_nobodys_data(database, settings):
    with collecting() as collector, traced(database, settings, collector.address) as course:
        first = course.call("select_walkthrough", walkthrough_id=course.row)
        step = first.json()["result"]["_meta"]["handrail/view"]["step"]["id"]
        course.call("next_walkthrough_step", current_step_id=step)
        course.call("next_walkthrough_step", current_step_id="ws_secretive")
        course.call("no_such_tool_of_anybody")

    (select,) = collector.named("tools/call select_walkthrough")
    moved, refused = collector.named("tools/call next_walkthrough_step")
    (unknown,) = collector.named("tools/call unknown")
    assert set(collector.paths) == {"/v1/traces"}
    assert collector.resources[0]["service.name"] == "handrail"
    assert [facts(span)["handrail.outcome"] for span in (select, moved, refused, unknown)] == [
        "ok",
        "ok",
        "error",
        "failed",
    ]
    assert facts(select)["handrail.request_id"] == first.headers["x-request-id"]

    assert {span.name for span in collector.below(select)} >= {"SELECT", "INSERT"}
    assert [span.name for span in collector.below(moved)] == ["handrail_advance"]
    for span in collector.below(select) + collector.below(moved):
        assert facts(span)["db.query.text"].split()[0] in {"SELECT", "INSERT", "WITH", "UPDATE"}
        assert span.start_time_unix_nano >= select.start_time_unix_nano
    sent = b"".join(collector.bodies)
    course_ids = (course.row, course.caller.organization_id, course.caller.learner_id, step)
    for secret in (*course_ids, course.token, "acme", "lea@", "secretive", "no_such_tool"):
        assert secret.encode() not in sent, secret


def test_a_call_belongs_to_the_trace_that_its_caller_names(database, settings):
    other = PARENT.replace(TRACE, "1" * 32)
    with collecting() as collector, traced(database, settings, collector.address) as course:
        course.call("list_walkthroughs", headers={"traceparent": PARENT})
        course.call("list_walkthroughs", {"traceparent": PARENT}, {"traceparent": other})
        course.call("list_walkthroughs")
        for wrong in (
            "nonsense",
            "00-" + "0" * 32 + "-b7ad6b7169203331-01",
            PARENT + "x" * 200,
        ):
            course.call("list_walkthroughs", headers={"traceparent": wrong})
        course.call("list_walkthroughs", headers={"traceparent": PARENT[:-1] + "0"})

    calls = collector.named("tools/call list_walkthroughs")
    assert [span.trace_id.hex() == TRACE for span in calls] == [True, True] + [False] * 4
    assert [span.parent_span_id.hex() for span in calls] == ["b7ad6b7169203331"] * 2 + [""] * 4
    assert len({span.trace_id for span in calls}) == 5


def test_a_statement_that_fails_is_told_by_its_kind_alone(database, settings):
    with collecting() as collector:
        traces = Traces(collector.address)
        own = connect(settings.database_url)
        traces.watch(own.engine)
        with own.autocommit() as connection:
            connection.execute(text("SELECT 'of no call'"))
            with (
                traces.tool_call("list_walkthroughs", None),
                pytest.raises(Exception, match="hush"),
            ):
                connection.execute(text("SELECT CAST(:word AS integer)"), {"word": "hush"})
        own.close()
        traces.close()

    (call,) = collector.named("tools/call list_walkthroughs")
    (statement,) = collector.below(call)
    assert facts(statement)["error.type"] == "InvalidTextRepresentation"
    assert statement.status.code == 2
    assert len(collector.spans) == 2
    assert b"hush" not in b"".join(collector.bodies)


def test_without_a_collector_calls_are_answered_and_the_end_comes_soon(
    database, settings, monkeypatch
):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "5")
    with traced(database, settings, f"http://127.0.0.1:{free_port()}") as course:
        assert "result" in course.call("list_walkthroughs").json()
        ending = time.monotonic()
    assert time.monotonic() - ending < SOON
    # What still tries to send would write into the logs of tests that follow.
    until(lambda: not any(each.name.startswith("Otel") for each in threading.enumerate()))
