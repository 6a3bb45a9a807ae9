"""The ordinary step call is answered beside the SDK: with the same bytes, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from anyio import CapacityLimiter
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from sqlalchemy import text
from starlette.applications import Starlette

from tests import builders
from tests.step_requests import MODERN, VERSIONS, Sent, changed, requests
from walkthroughs.crypto import hash_token
from walkthroughs.database.prepared import Prepared
from walkthroughs.identity.links import create_link
from walkthroughs.ids import now_ms
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.mcp_server.endpoint import build_endpoint
from walkthroughs.mcp_server.places import Places
from walkthroughs.mcp_server.server import STATEMENTS, build_server
from walkthroughs.mcp_server.streams import Streams
from walkthroughs.mcp_server.tenant import FIND_TENANT, TenantLookup
from walkthroughs.mcp_server.threads import Threads
from walkthroughs.metrics import Metrics
from walkthroughs.models import OAuthToken
from walkthroughs.serving.proxies import at_the_edge

STEPS = builders.content(
    steps=(
        builders.step("one"),
        builders.step("two", content='Žluťoučký "kůň" \u2028 \\ 🐎 <b>&amp;</b>', verify="Ha ✓"),
        builders.step("three", agent_instructions="Sei nett. <content>"),
        builders.step("four"),
    ),
    title="Přesně „tak“",
)
REWIND = text(
    "UPDATE walkthrough_progress SET current_step_id = :first, completed_steps = '[]', active_at = 0,"
    " hurried_calls = 0, status = 'in_progress', completed_at = NULL"
)
STANDS = text(
    "SELECT p.current_step_id, p.completed_steps, p.hurried_calls, p.status,"
    " (SELECT array_agg(e.kind || ' ' || coalesce(e.step_id, '') ORDER BY e.kind)"
    "    FROM tool_events_incoming e WHERE e.mcp_server_user_id = p.mcp_server_user_id)"
    " FROM walkthrough_progress p WHERE p.mcp_server_user_id = :learner"
)


class Sides:
    """The product's endpoint, and the same with the SDK for every call. A learner stands at each."""

    def __init__(self, database, settings, stack, patch):
        self.database, self.asked, self.metrics = database, [], Metrics()
        handle = StreamableHTTPSessionManager.handle_request

        async def counted(manager, scope, receive, send):
            self.asked.append(scope)
            await handle(manager, scope, receive, send)

        patch.setattr(StreamableHTTPSessionManager, "handle_request", counted)
        self.portal = stack.enter_context(start_blocking_portal())
        with database.transaction() as session:
            org = builders.organization(session)
            server = builders.server(
                session, org.id, name="Škola", auth_type="oauth", sign_in="when_needed"
            )
            self.server_id, self.row = (
                server.id,
                builders.walkthrough(session, org.id, STEPS, server_id=server.id),
            )
            self.who = [self._learner(session, server, name) for name in ("ours", "theirs")]
            self.anonymous = "/s/acme/mcp"
        prepared = Prepared(database, (FIND_TENANT, *STATEMENTS), 2)
        stack.callback(lambda: self.portal.call(prepared.close))
        theirs = self.portal.call(self._server, database, prepared)
        self.apps = []
        for own, metrics in ((None, self.metrics), (theirs, Metrics())):
            endpoint = build_endpoint(database, settings, own, metrics=metrics)
            stack.enter_context(self.portal.wrap_async_context_manager(endpoint.lifespan()))
            self.apps.append(Starlette(routes=endpoint.routes, middleware=endpoint.middleware))
        for side in range(2):
            begin = Sent(None, "")
            begin.message["params"] = {
                "name": "select_walkthrough",
                "arguments": {"walkthrough_id": self.row},
            }
            begun = json.loads(self.send(side, begin)[2])
            self.first = begun["result"]["_meta"]["handrail/view"]["step"]["id"]

    def _learner(self, session, server, name):
        who = builders.learner(session, server.organization_id, f"{name}@x.example")
        ended = create_link(session, "acme", who.email)
        link = create_link(session, "acme", who.email)
        session.execute(
            text("UPDATE personal_links SET revoked_at = 1 WHERE token_hash = :hash"),
            {"hash": hash_token(ended)},
        )
        grant = builders.sign_in(session, server, who)
        session.add(
            OAuthToken(
                organization_id=server.organization_id,
                oauth_grant_id=grant.id,
                kind="access",
                token_hash=hash_token(f"token of {name}"),
                expires_at=now_ms() + 3_600_000,
            )
        )
        return {"id": who.id, "link": link, "ended": ended, "bearer": f"token of {name}"}

    async def _server(self, database, prepared):
        directory = TenantLookup(prepared)
        places = Places(database, prepared, Threads(database, CapacityLimiter(2)), ContentCache())
        metrics = Metrics()
        streams = Streams(metrics, directory.forget_servers)
        return build_server(places, directory, metrics, streams)

    def send(self, side, sent):
        """Return status, headers and body."""
        who, path, headers = self.who[side], "/s/acme/mcp", [(b"host", b"localhost"), *sent.headers]
        if sent.way == "bearer":
            headers.append((b"authorization", f"Bearer {who['bearer']}".encode()))
        elif sent.way != "nobody":
            path += f"/u/{who[sent.way]}"
        return self.portal.call(_exchange, self.apps[side], path, headers, sent.body)

    def ids_given(self):
        """Return the ids of requests in three answers to the same call: the SDK's, and two kept."""
        edge, given = at_the_edge(self.apps[0]), []
        for _ in range(3):
            self.rewind()
            self.send(0, self.ordinary(MODERN))
            sent = Sent(MODERN, self.stands(0)[0][0])
            path, headers = f"/s/acme/mcp/u/{self.who[0]['link']}", [(b"host", b"localhost")]
            headers += sent.headers
            answered = self.portal.call(_exchange, edge, path, headers, sent.body)
            given += [value for name, value in answered[1] if name == b"x-request-id"]
        return given

    def rewind(self):
        with self.database.begin() as connection:
            connection.execute(REWIND, {"first": self.first})
            connection.execute(text("DELETE FROM tool_events_incoming"))

    def stands(self, side):
        with self.database.begin() as connection:
            return connection.execute(STANDS, {"learner": self.who[side]["id"]}).all()

    def both(self, sent):
        """Send a request to both sides, whose learners stand alike; return what each answered."""
        self.rewind()
        return [(self.send(side, sent), self.stands(side)) for side in range(2)]

    def asks_the_sdk(self, sent):
        """Return whether our side does."""
        self.rewind()
        self.asked.clear()
        self.send(0, sent)
        return bool(self.asked)

    def ordinary(self, version, way="link"):
        return Sent(version, self.first, way)


async def _exchange(app, path, headers, body):
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "scheme": "http",
        "query_string": b"", "headers": headers, "client": ("127.0.0.1", 1), "http_version": "1.1",
        "server": ("localhost", 80), "root_path": "",
    }  # fmt: skip
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    content = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], sent[0]["headers"], content


@pytest.fixture
def sides(database, settings, monkeypatch) -> Iterator[Sides]:
    with ExitStack() as stack:
        sides = Sides(database, replace(settings, base_url="http://localhost"), stack, monkeypatch)
        # The first answer of a version is the SDK's. Who names none is taken for a client of one.
        asked = [sides.asks_the_sdk(sides.ordinary(version)) for version in VERSIONS]
        assert asked == [True, True, False, True, True, True]
        yield sides


def test_ordinary_calls_are_answered_alone_and_all_others_by_the_sdk(sides):
    counted = 'handrail_tool_calls_total{outcome="ok",tool="next_walkthrough_step"} '
    for version in VERSIONS:
        for way in ("link", "bearer"):
            for request_id in (1, 0, -5, "a", "7", "b2a1-44", 2**53):
                sent = sides.ordinary(version, way)
                sent.message["id"] = request_id
                before = sides.metrics.text().decode().partition(counted)[2].partition("\n")[0]
                ours, theirs = sides.both(sent)
                after = sides.metrics.text().decode().partition(counted)[2].partition("\n")[0]
                assert ours == theirs
                assert json.loads(ours[0][2])["id"] == request_id
                assert ours[1][0][1] == [sides.first]
                assert float(after) == float(before) + 1
                assert not sides.asks_the_sdk(sent)
    for change in (
        ("id", 1.0), ("id", True), ("id", None), ("id", ""), ("id", 'a"'), ("id", "é"), ("id", 2**54),
        ("header", b"accept", b"*/*"), ("header", b"content-type", b"application/json; a=b"),
        ("twice", b"accept"), ("twice", b"mcp-protocol-version"), ("raw", "long"),
        ("raw", "bom"), ("params", "task", {}), ("top", "result", {}), ("without", "jsonrpc"),
        ("meta", {"progressToken": None}), ("arguments", {"current_step_id": "nowhere"}),
        ("arguments", {}), ("name", "get_walkthrough_status"), ("header", b"mcp-protocol-version", b"x"),
    ):  # fmt: skip
        for version in ("2025-11-25", MODERN):
            sent = sides.ordinary(version)
            changed(sent, change)
            assert sides.asks_the_sdk(sent), change
            ours, theirs = sides.both(sent)
            assert ours == theirs, change
    for change in (
        ("meta", {"someone/id": {"deep": [1]}, "progressToken": "p"}), ("header", b"mcp-session-id", b"x"),
        ("raw", "space"), ("raw", "again"), ("header", b"accept", b"application/json"),
    ):  # fmt: skip
        for version in ("2025-11-25", MODERN):
            sent = sides.ordinary(version)
            changed(sent, change)
            assert not sides.asks_the_sdk(sent), change
            ours, theirs = sides.both(sent)
            assert ours == theirs, change
    assert len(set(sides.ids_given())) == 3
    assert len(sides.ids_given()) == 3


@examples(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=requests())
def test_whatever_is_sent_the_answer_and_the_place_are_as_if_the_sdk_had_answered(sides, drawn):
    version, way, changes = drawn
    sent = sides.ordinary(version, way)
    for change in changes:
        changed(sent, change)
    ours, theirs = sides.both(sent)
    assert ours == theirs
