"""Prompts and resources on servers with sign-in, and while the database is away."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.posting import ask, post
from tests.refusing import connections_refused
from tests.serving import ServedServer
from tests.signing_in import Academy
from walkthroughs.enums import SignIn
from walkthroughs.mcp_server import texts

LISTS = ("prompts/list", "resources/list", "resources/templates/list")


def request(
    academy: Academy, method: str, token: str | None = None, uri: str | None = None, **more: str
) -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    params = {
        "prompts/get": {"name": "deploy"},
        "resources/read": {"uri": uri or f"handrail://walkthroughs/{academy.walkthrough_id}"},
    }.get(method, {})
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return post(academy.resource, body, **headers, **more)


def test_a_server_that_asks_at_connect_answers_nothing_before(academy: Academy) -> None:
    for method in (*LISTS, "prompts/get", "resources/read"):
        assert request(academy, method).status_code == 401, method


def test_a_server_that_asks_when_needed_lists_to_anybody_and_asks_who_reads(
    academy: Academy,
) -> None:
    academy.set(sign_in=SignIn.WHEN_NEEDED)
    for method in LISTS:
        assert "result" in request(academy, method).json(), method
    for method in ("prompts/get", "resources/read"):
        asked = request(academy, method)
        assert (asked.status_code, asked.json()["id"]) == (401, 1)
        assert "resource_metadata=" in asked.headers["www-authenticate"]
    # The step card is about nobody, and hosts read it before anybody signs in.
    card = request(academy, "resources/list").json()["result"]["resources"][-1]["uri"]
    assert "result" in request(academy, "resources/read", uri=card).json()
    token = academy.tokens()["access_token"]
    (said,) = request(academy, "prompts/get", token).json()["result"]["messages"]
    (read,) = request(academy, "resources/read", token).json()["result"]["contents"]

    assert academy.walkthrough_id in said["content"]["text"]
    assert "The learner has not started." in read["text"]


def test_clients_that_take_no_challenge_from_a_status_get_words(academy: Academy) -> None:
    academy.set(sign_in=SignIn.WHEN_NEEDED)
    said = request(academy, "prompts/get", user_agent="openai-mcp/1.0.0")
    read = request(academy, "resources/read", user_agent="openai-mcp/1.0.0")

    assert said.status_code == 200
    assert "asks for a sign-in" in said.json()["result"]["messages"][0]["content"]["text"]
    assert "asks for a sign-in" in read.json()["error"]["message"]


@pytest.mark.behaviour("B8")
@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_while_the_database_is_away_lists_are_short_and_reading_is_answered_in_words(
    course_server: ServedServer, postgres: str, era: str
) -> None:
    with connections_refused(postgres):
        found = [ask(course_server.address, era, method).json() for method in LISTS]
        said = ask(course_server.address, era, "prompts/get", name="deploy").json()

    prompts, resources, kinds = (answer["result"] for answer in found)
    assert [prompt["name"] for prompt in prompts["prompts"]] == ["continue"]
    assert (resources["resources"], len(kinds["resourceTemplates"])) == ([], 2)
    assert said["error"]["message"] == texts.UNAVAILABLE


def test_a_database_that_goes_away_during_the_request_is_told_in_the_same_words(
    known_for_long: None, course_server: ServedServer, postgres: str
) -> None:
    wanted: dict[str, dict[str, str]] = {
        "prompts/list": {},
        "resources/list": {},
        "prompts/get": {"name": "continue"},
        "resources/read": {"uri": f"handrail://walkthroughs/{course_server.walkthrough_id}"},
    }
    assert "result" in ask(course_server.address, "legacy", "ping").json()
    with connections_refused(postgres):
        answers = [ask(course_server.address, "legacy", m, **wanted[m]).json() for m in wanted]

    assert [answer["error"]["message"] for answer in answers] == [texts.UNAVAILABLE] * 4
