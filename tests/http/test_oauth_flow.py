"""A learner signs in with nothing but the address: from the first 401 to a step."""

import threading

import httpx
import pytest
from sqlalchemy import select

from tests.builders import new_course, server
from tests.http.posting import LIST, post
from tests.signing_in import (
    LEA,
    Browser,
    call,
    go_on,
    start,
    step_of,
)
from walkthroughs.database.prepared import Prepared
from walkthroughs.enums import AuthType, SignIn
from walkthroughs.identity import sign_ins
from walkthroughs.identity.erasing import erase
from walkthroughs.identity.links import create_link
from walkthroughs.models import McpServer, WalkthroughAttempt


def test_a_learner_signs_in_takes_a_step_refreshes_and_takes_another(academy):
    refused = post(academy.resource)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == (
        f'Bearer resource_metadata="{academy.origin}/.well-known/oauth-protected-resource'
        '/s/acme/mcp", scope="learn"'
    )
    tokens = academy.tokens()
    told = tokens["token_type"], tokens["expires_in"], tokens["scope"]
    assert told == ("Bearer", 28800, "learn")
    step = step_of(go_on(academy, tokens["access_token"], start(academy, tokens["access_token"])))
    assert step["title"] == "Two"
    renewed = academy.refresh(tokens).json()

    assert step_of(go_on(academy, renewed["access_token"], step))["title"] == "Three"


def test_a_learner_who_used_a_link_signs_in_with_that_address_and_is_where_they_were(academy):
    with academy.database.transaction() as session:
        link = f"{academy.resource}/u/{create_link(session, 'acme', LEA)}"
    first = step_of(
        call(academy, None, "select_walkthrough", link, walkthrough_id=academy.walkthrough_id)
    )
    step_of(call(academy, None, "next_walkthrough_step", link, current_step_id=first["id"]))

    assert start(academy, academy.tokens(email="LEA@x.example")["access_token"])["title"] == "Two"


def test_the_second_sign_in_in_a_browser_is_one_click(academy):
    browser = Browser(academy)
    academy.tokens(browser)
    sent = len(academy.mailbox.messages)
    academy.tokens(browser)

    assert len(academy.mailbox.messages) == sent == 1


def test_a_step_of_who_signed_in_asks_the_database_as_often_as_one_by_a_link(
    known_for_long, academy, monkeypatch
):
    asked, fetch = [], Prepared.fetch

    async def counted(self, statement, *parameters):
        asked.append(statement.name)
        return await fetch(self, statement, *parameters)

    monkeypatch.setattr(Prepared, "fetch", counted)
    tokens = academy.tokens()
    with academy.database.transaction() as session:
        link = f"{academy.resource}/u/{create_link(session, 'acme', LEA)}"
    counts = []
    for url, token in ((academy.resource, tokens["access_token"]), (link, None)):
        chosen = {"walkthrough_id": academy.walkthrough_id}
        step = step_of(call(academy, token, "select_walkthrough", url, **chosen))
        step = step_of(
            call(academy, token, "next_walkthrough_step", url, current_step_id=step["id"])
        )
        asked.clear()
        step_of(call(academy, token, "next_walkthrough_step", url, current_step_id=step["id"]))
        counts.append(list(asked))

    assert counts[0] == counts[1] == ["handrail_advance"]


def test_without_a_token_every_request_is_refused_and_links_are_not(academy):
    answers = [
        post(academy.resource),
        httpx.get(academy.resource),
        httpx.delete(academy.resource),
        post(academy.resource, {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}),
    ]
    with academy.database.transaction() as session:
        link = f"{academy.resource}/u/{create_link(session, 'acme', LEA)}"

    assert httpx.options(academy.resource).status_code == 405
    assert {answer.status_code for answer in answers} == {401}
    assert all("resource_metadata" in answer.headers["www-authenticate"] for answer in answers)
    assert post(link).status_code == 200


def test_a_token_that_is_no_good_is_401_and_says_so(academy):
    tokens = academy.tokens()
    bad = (
        "nonsense",
        tokens["refresh_token"],
        tokens["access_token"] + "x",
        "x" * 5_000,
    )
    for token in bad:
        answer = post(academy.resource, authorization=f"Bearer {token}")
        assert answer.status_code == 401, token[:20]
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert post(academy.resource, authorization="Basic abc").status_code == 401


def test_a_sign_in_that_ends_moves_nobody_at_once_though_the_token_was_just_used(academy):
    tokens = academy.tokens()
    step = start(academy, tokens["access_token"])
    assert (
        post(academy.resource, authorization=f"Bearer {tokens['access_token']}").status_code == 200
    )
    form = {"token": tokens["refresh_token"], "client_id": tokens["client_id"]}
    assert httpx.post(f"{academy.oauth}/revoke", data=form).status_code == 200
    answer = go_on(academy, tokens["access_token"], step)

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert academy.refresh(tokens).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("first", ["a step", "a start"])
def test_erasing_a_learner_ends_their_tokens_at_once_and_leaves_totals(academy, first):
    browser = Browser(academy)
    tokens = academy.tokens(browser)
    token = tokens["access_token"]
    step = step_of(go_on(academy, token, start(academy, token)))
    with academy.database.transaction() as session:
        erase(session, academy.caller.organization_id, LEA)
    chosen = {"walkthrough_id": academy.walkthrough_id}
    answer = (
        go_on(academy, token, step)
        if first == "a step"
        else call(academy, token, "select_walkthrough", **chosen)
    )
    with academy.database.transaction() as session:
        totals = session.scalars(select(WalkthroughAttempt.completed_steps)).all()

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert academy.refresh(tokens).json()["error"] == "invalid_grant"
    assert [len(each) for each in totals] == [1]
    page = browser.get(academy.authorize_url(tokens["client_id"]))
    assert 'value="email"' in page.text  # the browser's session has ended, too


def test_when_the_server_asks_for_no_sign_in_any_more_its_tokens_end_and_progress_stays(academy):
    tokens = academy.tokens()
    step = start(academy, tokens["access_token"])
    change_auth(academy, AuthType.PERSONAL_LINK)
    answer = go_on(academy, tokens["access_token"], step)
    threading.Event().wait(2.1)  # what the endpoint knows of the server may be two seconds old
    later = go_on(academy, tokens["access_token"], step)
    change_auth(academy, AuthType.OAUTH)
    threading.Event().wait(2.1)
    back = go_on(academy, tokens["access_token"], step)

    assert (answer.status_code, later.status_code, back.status_code) == (401, 200, 401)
    assert later.json()["result"]["isError"] is True
    assert start(academy, academy.tokens()["access_token"])["title"] == "One"


def change_auth(academy, auth_type):
    with academy.database.transaction() as session:
        server = session.get_one(McpServer, academy.caller.server_id)
        sign_ins.set_auth(session, academy.settings, server, auth_type)


def test_when_needed_lists_to_anybody_and_asks_late(academy):
    academy.set(sign_in=SignIn.WHEN_NEEDED)
    assert post(academy.resource).json()["result"]["tools"]
    listed = call(academy, None, "list_walkthroughs")
    assert listed.json()["result"]["isError"] is False
    asked = call(academy, None, "select_walkthrough", walkthrough_id=academy.walkthrough_id)
    assert asked.status_code == 401
    assert "error=" not in asked.headers["www-authenticate"]
    assert (asked.json()["id"], "sign in" in asked.json()["error"]["message"]) == (1, True)
    assert httpx.get(academy.resource).status_code == 405
    assert call(academy, "bad", "list_walkthroughs").status_code == 401

    assert start(academy, academy.tokens()["access_token"])["title"] == "One"


@pytest.mark.parametrize("agent", ["openai-mcp/1.0.0", "ChatGPT-User/1.0"])
def test_clients_that_read_results_only_get_the_challenge_there(academy, agent):
    academy.set(sign_in=SignIn.WHEN_NEEDED)
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "next_walkthrough_step", "arguments": {}},
    }
    answer = post(academy.resource, body, user_agent=agent)
    tools = post(academy.resource, LIST, user_agent=agent).json()["result"]["tools"]
    schemes = {tool["name"]: [each["type"] for each in tool["securitySchemes"]] for tool in tools}

    assert answer.status_code == 200
    result = answer.json()["result"]
    assert result["isError"] is True
    (challenge,) = result["_meta"]["mcp/www_authenticate"]
    assert "resource_metadata=" in challenge
    assert schemes["list_walkthroughs"] == ["noauth", "oauth2"]
    assert schemes["next_walkthrough_step"] == ["oauth2"]
    assert "securitySchemes" not in post(academy.resource).json()["result"]["tools"][0]


def test_a_token_of_one_server_or_organization_is_none_at_another(academy, database):
    with database.transaction() as session:
        server(session, academy.caller.organization_id, "second", auth_type=AuthType.OAUTH)
        caller, _ = new_course(session, slug="other")
        session.get_one(McpServer, caller.server_id).auth_type = AuthType.OAUTH
    tokens = academy.tokens()

    for slug in ("second", "other"):
        url = f"{academy.origin}/s/{slug}"
        assert (
            post(f"{url}/mcp", authorization=f"Bearer {tokens['access_token']}").status_code == 401
        )
        form = {"grant_type": "refresh_token", "client_id": tokens["client_id"]}
        form["refresh_token"] = tokens["refresh_token"]
        answer = httpx.post(f"{url}/oauth/token", data=form)
        assert answer.json()["error"] == "invalid_grant"
    assert academy.refresh(tokens).status_code == 200
