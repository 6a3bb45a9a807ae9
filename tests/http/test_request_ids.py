"""Each request has one id: answered, and in each line of the log about it, whoever writes it."""

from __future__ import annotations

import io
import json
import logging
import re
from contextlib import contextmanager

import anyio.to_thread
import httpx
import pytest
from mcp.server.lowlevel import Server
from mcp.types import CallToolResult, ListToolsResult
from starlette.applications import Starlette

from app import add_pages, build_app, create_app
from tests.builders import new_course
from tests.http.posting import ask
from tests.serving import served
from walkthroughs.identity.links import create_link
from walkthroughs.mcp_server.endpoint import build_endpoint
from walkthroughs.mcp_server.redaction import RedactLinks
from walkthroughs.serving.logs import log_formatter
from walkthroughs.serving.proxies import at_the_edge

log = logging.getLogger("of_a_test")
OWN = re.compile("[0-9a-f]{16}")


@contextmanager
def logged(log_format):
    """Yield what the lines of the log are written to while the block runs."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(log_formatter(log_format))
    handler.addFilter(RedactLinks())
    logging.getLogger().addHandler(handler)
    try:
        yield written
    finally:
        logging.getLogger().removeHandler(handler)


async def hello(scope, receive, send):
    await Starlette(routes=[])(scope, receive, send)


def given(origin, *ids):
    headers = [("x-request-id", each) for each in ids]
    return httpx.get(origin, headers=headers).headers["x-request-id"]


def test_strangers_choose_no_id_and_a_trusted_proxy_does():
    with served(at_the_edge(hello)) as origin:
        assert OWN.fullmatch(given(origin, "mine"))
        assert given(origin) != given(origin)
    with served(at_the_edge(hello, ("10.0.0.0/8",))) as origin:
        assert OWN.fullmatch(given(origin, "mine"))
    with served(at_the_edge(hello, ("10.0.0.0/8", "127.0.0.1", "::1"))) as origin:
        assert given(origin, "of-the.proxy:1") == "of-the.proxy:1"
        for wrong in (("a b",), ("x" * 65,), ("",), ("a", "b"), ('"},{"',)):
            assert OWN.fullmatch(given(origin, *wrong))


def test_who_says_to_come_from_a_proxy_is_no_proxy():
    """The address that a proxy tells is a stranger's: it is not what the id is believed of."""
    with served(at_the_edge(hello, ("10.0.0.1",))) as origin:
        headers = {"x-request-id": "mine", "x-forwarded-for": "10.0.0.1"}
        assert OWN.fullmatch(httpx.get(origin, headers=headers).headers["x-request-id"])


def test_pages_write_lines_with_the_id_of_their_request(database, settings):
    app = add_pages(create_app(settings))

    @app.get("/broken")
    def broken():
        log.warning("a page at /mcp/u/%s", "s3cret")
        raise RuntimeError('"quoted"\nat /mcp/u/s3cret')

    app.config["PROPAGATE_EXCEPTIONS"] = False
    with logged("json") as written, served(at_the_edge(build_app(settings, app))) as origin:
        answers = [httpx.get(f"{origin}/broken") for _ in range(2)]

    ids = [answer.headers["x-request-id"] for answer in answers]
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [answer.status_code for answer in answers] == [500, 500]
    assert "s3cret" not in written.getvalue()
    for own in ids:
        ours, flasks = (line for line in lines if line.get("request_id") == own)
        assert ours["message"] == "a page at /mcp/u/[redacted]"
        assert (ours["level"], ours["logger"]) == ("WARNING", "of_a_test")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", ours["time"])
        assert '"quoted"\nat /mcp/u/[redacted]' in flasks["exception"]


@pytest.mark.parametrize("protocol", ["modern", "legacy"])
def test_tools_write_lines_with_the_id_of_their_request_from_threads_too(
    database, settings, protocol
):
    async def call_tool(ctx, params):
        log.warning("in the loop")
        await anyio.to_thread.run_sync(log.warning, "in a thread")
        return CallToolResult(content=[])

    async def list_tools(ctx, params):
        return ListToolsResult(tools=[])

    with database.transaction() as session:
        new_course(session)
        token = create_link(session, "acme", "lea@x.example")
    server = Server("Test", on_call_tool=call_tool, on_list_tools=list_tools)
    endpoint = build_endpoint(database, settings, server)
    app = Starlette(routes=endpoint.routes, lifespan=lambda _: endpoint.lifespan())
    with logged("text") as written, served(at_the_edge(app)) as origin:
        for _ in range(2):
            answer = ask(
                f"{origin}/s/acme/mcp/u/{token}", protocol, "tools/call", name="x", arguments={}
            )
            assert "error" not in answer.json()
            own = answer.headers["x-request-id"]
            for where in ("in the loop", "in a thread"):
                assert f" WARNING of_a_test [{own}] {where}\n" in written.getvalue()


@pytest.mark.parametrize("protocol", ["modern", "legacy"])
def test_an_answer_that_is_kept_for_others_has_the_id_of_each_request_alone(
    database, settings, protocol
):
    with database.transaction() as session:
        new_course(session)
        token = create_link(session, "acme", "lea@x.example")
    endpoint = build_endpoint(database, settings)
    app = Starlette(routes=endpoint.routes, lifespan=lambda _: endpoint.lifespan())
    with served(at_the_edge(app)) as origin:
        answers = [ask(f"{origin}/s/acme/mcp/u/{token}", protocol, "tools/list") for _ in range(3)]

    ids = [each.headers.get_list("x-request-id") for each in answers]
    assert [len(each) for each in ids] == [1, 1, 1]
    assert len({own for each in ids for own in each}) == 3
    assert len({each.content for each in answers}) == 1


def test_a_line_about_no_request_has_no_id():
    with logged("text") as text, logged("json") as as_json:
        log.warning("alone")
    assert text.getvalue().endswith(" WARNING of_a_test alone\n")
    assert "request_id" not in json.loads(as_json.getvalue())
