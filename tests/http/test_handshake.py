"""Clients that began with `initialize` get what the SDK would answer, to the byte."""

from __future__ import annotations

import json
from dataclasses import dataclass

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.applications import Starlette

from tests.builders import new_course
from tests.conftest import empty, settings_for
from tests.serving import CONTENT, served
from walkthroughs.database.pool import connect
from walkthroughs.identity.links import create_link
from walkthroughs.mcp_server import endpoint as endpoints

CLIENT = {"name": "a client", "version": "1"}
VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")


def initialize(version):
    return {"protocolVersion": version, "capabilities": {}, "clientInfo": CLIENT}


@dataclass
class Both:
    """The same server twice: answered directly, and by the SDK's own way."""

    direct: httpx.Client
    sdk: httpx.Client
    path: str

    def ask(self, content, headers):
        """Return the status, the headers and the bytes of both answers."""
        answers = [
            client.post(self.path, content=content, headers={"host": "localhost"} | headers)
            for client in (self.direct, self.sdk)
        ]
        return [
            (each.status_code, sorted(set(each.headers.items()) - {("date", each.headers["date"])}), each.content)
            for each in answers
        ]  # fmt: skip


@pytest.fixture(scope="module")
def both(postgres, tmp_path_factory):
    empty(postgres)
    database = connect(postgres)
    there = settings_for(postgres, tmp_path_factory.mktemp("handshake"))
    with database.transaction() as session:
        _, row = new_course(session, CONTENT)
        token = create_link(session, "acme", "lea@x.example")
    direct = endpoints.build_endpoint(database, there)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(endpoints, "DirectManager", StreamableHTTPSessionManager)
        sdk = endpoints.build_endpoint(database, there)
    with (
        served(Starlette(routes=direct.routes, lifespan=lambda _: direct.lifespan())) as one,
        served(Starlette(routes=sdk.routes, lifespan=lambda _: sdk.lifespan())) as other,
        httpx.Client(base_url=one) as to_direct,
        httpx.Client(base_url=other) as to_sdk,
    ):
        pair = Both(to_direct, to_sdk, f"/s/acme/mcp/u/{token}")
        arguments = {"name": "select_walkthrough", "arguments": {"walkthrough_id": row}}
        pair.ask(
            json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": arguments}),
            GOOD,
        )
        yield pair
    database.close()  # fmt: skip


GOOD = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
IDS = st.sampled_from([0, 7, -1, "a", "", "7", "ü\u2028", 2**60, None, 1.5, True, [], {}])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip
META = st.sampled_from([None, {}, {"progressToken": 5}, {"progressToken": True}, {"x/y": [1]}, 5])
PARAMS = st.one_of(
    st.sampled_from([*map(initialize, (*VERSIONS, "1999-01-01", 5))]),
    st.sampled_from([
        None,
        {},
        {"cursor": "x"},
        {"name": "list_walkthroughs", "arguments": {}},
        {"name": "list_walkthroughs"},
        {"name": "get_walkthrough_status", "arguments": {"walkthrough_id": "wt_x"}},
        {"name": "next_walkthrough_step", "arguments": {"current_step_id": "ws_nowhere"}},
        {"name": "next_walkthrough_step", "arguments": {"current_step_id": 5}},
        {"name": "nothing", "arguments": {}},
        {"name": "continue"},
        {"uri": "handrail://walkthroughs/none"},
        {"requestId": 7},
        {"level": "debug"},
    ]),
    st.dictionaries(st.sampled_from(["name", "arguments", "uri", "cursor"]), ANYTHING, max_size=3),
    ANYTHING,
)  # fmt: skip
METHODS = st.sampled_from(
    ["initialize", "ping", "tools/list", "tools/call", "prompts/list", "prompts/get", "resources/list",
     "resources/templates/list", "resources/read", "logging/setLevel", "completion/complete",
     "server/discover", "subscriptions/listen", "nothing/here", "", "notifications/initialized",
     "notifications/cancelled", "notifications/progress", "notifications/x", 5]
)  # fmt: skip


@st.composite
def messages(draw):
    """Messages that are good, nearly good, or none."""
    message = {
        "jsonrpc": draw(st.sampled_from(["2.0", "2.0", "2.0", "1.0"])),
        "method": draw(METHODS),
    }
    if draw(st.booleans()):
        message["id"] = draw(IDS)
    if (params := draw(PARAMS)) is not None:
        meta = draw(META)
        message["params"] = (
            params | {"_meta": meta} if isinstance(params, dict) and meta else params
        )
    kind = draw(st.sampled_from(["whole"] * 6 + ["result", "error", "cut", "array"]))
    if kind == "result":
        return json.dumps({"jsonrpc": "2.0", "id": draw(IDS), "result": draw(ANYTHING)})
    if kind == "error":
        return json.dumps({"jsonrpc": "2.0", "id": draw(IDS), "error": draw(ANYTHING)})
    text = json.dumps([message] if kind == "array" else message)
    return text[:-1] if kind == "cut" else text


@st.composite
def headers(draw):
    """Headers of a client of the handshake era, mostly good."""
    chosen = dict(GOOD)
    if draw(st.booleans()):
        chosen["mcp-protocol-version"] = draw(st.sampled_from(VERSIONS))
    if draw(st.integers(0, 4)) == 0:
        chosen["accept"] = draw(
            st.sampled_from(
                [
                    "*/*",
                    "application/*",
                    "application/json;q=1",
                    "text/html",
                    "",
                    "APPLICATION/JSON",
                ]
            )
        )
    if draw(st.integers(0, 4)) == 0:
        chosen["content-type"] = draw(
            st.sampled_from(
                [
                    "application/json; charset=utf-8",
                    "Application/JSON",
                    "application/jsonx",
                    "text/plain",
                ]
            )
        )
    if draw(st.booleans()):
        chosen["mcp-session-id"] = draw(st.sampled_from(["x", ""]))
    return chosen  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(messages(), headers()), min_size=8, max_size=8))
def test_every_message_is_answered_as_the_sdk_answers_it(both, requests):
    for content, sent in requests:
        direct, sdk = both.ask(content, sent)
        assert direct == sdk, (content, sent)


def test_the_ordinary_requests_of_each_version_are_answered_as_the_sdk_answers_them(both, caplog):
    for version in VERSIONS:
        for method, params in (
            ("initialize", initialize(version)),
            ("notifications/initialized", None),
            ("tools/list", None),
            ("tools/call", {"name": "list_walkthroughs", "arguments": {}}),
            ("prompts/list", {}),
            ("resources/list", {}),
            ("ping", None),
        ):
            message = {"jsonrpc": "2.0", "method": method} | (
                {"params": params} if params is not None else {}
            )
            if not method.startswith("notifications/"):
                message["id"] = 7
            direct, sdk = both.ask(json.dumps(message), GOOD | {"mcp-protocol-version": version})
            assert direct == sdk, message
            assert direct[0] == (202 if method.startswith("notifications/") else 200)
            assert b'"error"' not in direct[2], message
    assert not any(record.exc_info for record in caplog.records)
