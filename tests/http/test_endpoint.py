"""The endpoint before MCP begins: hosts, origins, sizes, addresses."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from tests.http.posting import LIST, ask, post
from tests.serving import School
from walkthroughs.identity.links import revoke_links
from walkthroughs.mcp_server import tenant
from walkthroughs.mcp_server.redaction import RedactLinks, redact
from walkthroughs.mcp_server.results import VIEW
from walkthroughs.models import McpServer, PersonalLink, WalkthroughProgress


def refusal(response: httpx.Response) -> str:
    return response.json()["error"]["message"]


def test_a_server_answers_on_its_path_its_host_and_its_own_domain(school: School) -> None:
    with school.database.transaction() as session:
        session.get(McpServer, school.caller.server_id).custom_domain = "learn.acme.example"
    port = school.origin.rsplit(":", 1)[1]

    for url, host in (
        (school.anonymous, f"localhost:{port}"),
        (school.anonymous, f"127.0.0.1:{port}"),
        (f"{school.origin}/mcp", f"acme.localhost:{port}"),
        (f"{school.origin}/mcp", "ACME.localhost"),
        (f"{school.origin}/mcp", "learn.acme.example"),
        (f"{school.origin}/mcp/u/{school.token}", "learn.acme.example"),
    ):
        response = post(url, host=host)
        assert (response.status_code, len(response.json()["result"]["tools"])) == (200, 5)


@pytest.mark.parametrize(
    "host", ["evil.example", "nobody.localhost", "", "[", "localhost.evil.example"]
)
def test_an_unknown_host_is_misdirected(school: School, host: str) -> None:
    assert post(f"{school.origin}/mcp", host=host).status_code == 421
    if host != "":
        assert post(school.anonymous, host=host).status_code == 421


def test_no_server_wrong_link_and_ended_link_are_one_answer(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    with school.database.transaction() as session:
        assert revoke_links(session, "acme", "LEA@x.example") == 1
    answers = {
        (response.status_code, refusal(response))
        for response in (
            post(f"{school.origin}/s/nobody/mcp"),
            post(f"{school.anonymous}/u/wrong"),
            post(school.address),
        )
    }

    assert len(answers) == 1
    assert answers.pop()[0] == 404


@pytest.mark.parametrize("names_step", [True, False])
def test_a_link_that_ends_moves_nobody_and_says_so_though_it_was_used_a_moment_ago(
    school: School, names_step: bool
) -> None:
    def call(name: str, **arguments: object) -> Any:
        answer = ask(school.address, "legacy", "tools/call", name=name, arguments=arguments)
        return answer.json()["result"]

    first = call("select_walkthrough", walkthrough_id=school.walkthrough_id)
    step_id = first["_meta"][VIEW]["step"]["id"]
    with school.database.transaction() as session:
        revoke_links(session, "acme", "lea@x.example")

    answer = call("next_walkthrough_step", **({"current_step_id": step_id} if names_step else {}))

    assert answer["isError"]
    assert "link used here has ended" in answer["content"][0]["text"]
    with school.database.transaction() as session:
        assert session.query(WalkthroughProgress).one().completed_steps == []


def test_a_link_works_on_its_own_server_only(school: School) -> None:
    with school.database.transaction() as session:
        session.add(
            McpServer(organization_id=school.caller.organization_id, slug="second", name="Second")
        )

    assert post(school.address).status_code == 200
    assert post(f"{school.origin}/s/second/mcp/u/{school.token}").status_code == 404


def test_the_database_holds_no_token(school: School) -> None:
    with school.database.transaction() as session:
        (link,) = session.query(PersonalLink).all()
        assert school.token not in str(vars(link))


def test_a_huge_body_is_refused_and_broken_ones_are_told_apart(school: School) -> None:
    huge = {**LIST, "params": {"x": "a" * 1_100_000}}

    assert post(school.anonymous, huge).status_code == 413
    assert post(school.anonymous, b"{").status_code == 400
    assert post(school.anonymous, b'"' + b"[" * 100_000).status_code == 400


def test_other_methods_are_told_to_post(school: School) -> None:
    for method in ("GET", "DELETE", "PUT"):
        response = httpx.request(method, school.anonymous)
        assert response.status_code == 405
        assert response.headers["allow"] == "POST"


def test_a_switched_off_server_offers_nothing_soon(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tenant.CACHE_SECONDS <= 2
    with school.database.transaction() as session:
        session.get(McpServer, school.caller.server_id).walkthrough_tools_enabled = False

    assert post(school.anonymous).json()["result"]["tools"] == []


def test_personal_links_are_kept_out_of_logs() -> None:
    record = logging.LogRecord(
        "x", logging.INFO, "x", 1, "GET %s failed", ("/s/acme/mcp/u/s3cret?x",), None
    )
    RedactLinks().filter(record)

    assert record.getMessage() == "GET /s/acme/mcp/u/[redacted]?x failed"
    assert redact("no link") == "no link"
