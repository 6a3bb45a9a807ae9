"""The endpoint before MCP begins: hosts, origins, sizes, addresses."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from tests.http.posting import LIST, ask, post
from tests.serving import ServedServer
from walkthroughs.identity.links import revoke_links
from walkthroughs.mcp_server import tenant
from walkthroughs.mcp_server.redaction import RedactLinks, redact
from walkthroughs.mcp_server.results import VIEW
from walkthroughs.models import McpServer, PersonalLink, WalkthroughProgress


def refusal(response: httpx.Response) -> str:
    return response.json()["error"]["message"]


def test_a_server_answers_on_its_path_its_host_and_its_own_domain(
    course_server: ServedServer,
) -> None:
    with course_server.database.transaction() as session:
        server = session.get(McpServer, course_server.caller.server_id)
        server.custom_domain, server.domain_verified_at = "learn.acme.example", 1
    port = course_server.origin.rsplit(":", 1)[1]

    for url, host in (
        (course_server.anonymous, f"localhost:{port}"),
        (course_server.anonymous, f"127.0.0.1:{port}"),
        (f"{course_server.origin}/mcp", f"acme.localhost:{port}"),
        (f"{course_server.origin}/mcp", "ACME.localhost"),
        (f"{course_server.origin}/mcp", "learn.acme.example"),
        (f"{course_server.origin}/mcp/u/{course_server.token}", "learn.acme.example"),
    ):
        response = post(url, host=host)
        assert (response.status_code, len(response.json()["result"]["tools"])) == (200, 5)


@pytest.mark.parametrize(
    "host", ["evil.example", "nobody.localhost", "", "[", "localhost.evil.example"]
)
def test_an_unknown_host_is_misdirected(course_server: ServedServer, host: str) -> None:
    assert post(f"{course_server.origin}/mcp", host=host).status_code == 421
    if host != "":
        assert post(course_server.anonymous, host=host).status_code == 421


def test_no_server_wrong_link_and_ended_link_are_one_answer(
    course_server: ServedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with course_server.database.transaction() as session:
        assert revoke_links(session, "acme", "LEA@x.example") == 1
    answers = {
        (response.status_code, refusal(response))
        for response in (
            post(f"{course_server.origin}/s/nobody/mcp"),
            post(f"{course_server.anonymous}/u/wrong"),
            post(course_server.address),
        )
    }

    assert len(answers) == 1
    assert answers.pop()[0] == 404


@pytest.mark.parametrize("names_step", [True, False])
def test_a_link_that_ends_moves_nobody_and_says_so_though_it_was_used_a_moment_ago(
    course_server: ServedServer, names_step: bool
) -> None:
    def call(name: str, **arguments: object) -> Any:
        answer = ask(course_server.address, "legacy", "tools/call", name=name, arguments=arguments)
        return answer.json()["result"]

    first = call("select_walkthrough", walkthrough_id=course_server.walkthrough_id)
    step_id = first["_meta"][VIEW]["step"]["id"]
    with course_server.database.transaction() as session:
        revoke_links(session, "acme", "lea@x.example")

    answer = call("next_walkthrough_step", **({"current_step_id": step_id} if names_step else {}))

    assert answer["isError"]
    assert "link used here has ended" in answer["content"][0]["text"]
    with course_server.database.transaction() as session:
        assert session.query(WalkthroughProgress).one().completed_steps == []


def test_a_link_works_on_its_own_server_only(course_server: ServedServer) -> None:
    with course_server.database.transaction() as session:
        session.add(
            McpServer(
                organization_id=course_server.caller.organization_id, slug="second", name="Second"
            )
        )

    assert post(course_server.address).status_code == 200
    assert post(f"{course_server.origin}/s/second/mcp/u/{course_server.token}").status_code == 404


def test_the_database_holds_no_token(course_server: ServedServer) -> None:
    with course_server.database.transaction() as session:
        (link,) = session.query(PersonalLink).all()
        assert course_server.token not in str(vars(link))


def test_a_huge_body_is_refused_and_broken_ones_are_told_apart(course_server: ServedServer) -> None:
    huge = {**LIST, "params": {"x": "a" * 1_100_000}}

    assert post(course_server.anonymous, huge).status_code == 413
    assert post(course_server.anonymous, b"{").status_code == 400
    assert post(course_server.anonymous, b'"' + b"[" * 100_000).status_code == 400


def test_other_methods_are_told_to_post(course_server: ServedServer) -> None:
    for method in ("GET", "DELETE", "PUT"):
        response = httpx.request(method, course_server.anonymous)
        assert response.status_code == 405
        assert response.headers["allow"] == "POST"


def test_a_switched_off_server_offers_nothing_soon(
    course_server: ServedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tenant.CACHE_SECONDS <= 2
    with course_server.database.transaction() as session:
        session.get(McpServer, course_server.caller.server_id).walkthrough_tools_enabled = False

    assert post(course_server.anonymous).json()["result"]["tools"] == []


def test_personal_links_are_kept_out_of_logs() -> None:
    record = logging.LogRecord(
        "x", logging.INFO, "x", 1, "GET %s failed", ("/s/acme/mcp/u/s3cret?x",), None
    )
    RedactLinks().filter(record)

    assert record.getMessage() == "GET /s/acme/mcp/u/[redacted]?x failed"
    assert redact("no link") == "no link"
    link = "GET http://localhost/admin/password/WyJ1c3Jf.awd.kjZ-x HTTP/1.1"
    assert redact(link) == "GET http://localhost/admin/password/[redacted] HTTP/1.1"
