"""Codes and tokens: each counts once, for its app and its server, until it ends."""

import threading

import httpx
from sqlalchemy import select

from tests.http.posting import post
from tests.signing_in import (
    LEA,
    Browser,
    go_on,
    redeem,
    sql,
    start,
)
from walkthroughs.identity import grants
from walkthroughs.identity.links import create_link
from walkthroughs.models import McpServerUser, OAuthCode, OAuthGrant, OAuthToken


def test_the_secret_of_a_link_is_no_token_though_the_link_was_just_used(academy):
    with academy.database.transaction() as session:
        secret = create_link(session, "acme", LEA)
    assert post(f"{academy.resource}/u/{secret}").status_code == 200

    assert post(academy.resource, authorization=f"Bearer {secret}").status_code == 401


def test_an_access_token_that_is_revoked_ends_alone(academy):
    tokens = academy.tokens()
    form = {"token": tokens["access_token"], "client_id": tokens["client_id"]}
    assert httpx.post(f"{academy.oauth}/revoke", data=form).status_code == 200

    assert (
        post(academy.resource, authorization=f"Bearer {tokens['access_token']}").status_code == 401
    )
    assert academy.refresh(tokens).status_code == 200


def test_what_is_no_token_is_revoked_without_a_word_and_another_apps_is_not(academy):
    tokens = academy.tokens()
    other = academy.register(client_name="Other")["client_id"]
    url = f"{academy.oauth}/revoke"
    nothing = httpx.post(url, data={"token": "x", "client_id": other})
    foreign = httpx.post(url, data={"token": tokens["refresh_token"], "client_id": other})

    assert (nothing.status_code, foreign.status_code) == (200, 400)
    assert academy.refresh(tokens).status_code == 200


def test_an_expired_token_is_401_though_it_was_just_used(academy):
    tokens = academy.tokens()
    step = start(academy, tokens["access_token"])
    soon = "UPDATE oauth_tokens SET expires_at = extract(epoch FROM now()) * 1000 + 300"
    sql(academy, soon)
    threading.Event().wait(0.5)

    assert go_on(academy, tokens["access_token"], step).status_code == 401


def test_a_code_counts_once_and_its_replay_ends_the_sign_in(academy):
    client_id = academy.register()["client_id"]
    code = Browser(academy).allow(academy.authorize_url(client_id))["code"]
    tokens = redeem(academy, code, client_id).json() | {"client_id": client_id}
    again = redeem(academy, code, client_id)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert academy.refresh(tokens).json()["error"] == "invalid_grant"
    assert (
        post(academy.resource, authorization=f"Bearer {tokens['access_token']}").status_code == 401
    )


WRONG = [
    {"code_verifier": "w" * 50},
    {"code_verifier": ""},
    {"redirect_uri": "http://127.0.0.1:7777/other"},
    {"redirect_uri": "http://127.0.0.1:7778/callback"},
    {"resource": "https://other.example/mcp"},
]


def test_a_code_is_bound_to_verifier_redirect_and_server(academy, subtests):
    for wrong in WRONG:
        with subtests.test(case=repr(wrong)):
            client_id = academy.register()["client_id"]
            code = Browser(academy).allow(academy.authorize_url(client_id))["code"]
            answer = redeem(academy, code, client_id, **wrong)

            assert answer.status_code == 400
            assert "access_token" not in answer.text
            assert redeem(academy, code, client_id).status_code == 200


def test_a_code_is_bound_to_its_app_and_ends_after_a_minute(academy):
    client_id = academy.register()["client_id"]
    other = academy.register(client_name="Other")["client_id"]
    browser = Browser(academy)
    code = browser.allow(academy.authorize_url(client_id))["code"]
    assert redeem(academy, code, other).json()["error"] == "invalid_grant"
    sql(academy, "UPDATE oauth_codes SET expires_at = expires_at - 60000")

    assert redeem(academy, code, client_id).json()["error"] == "invalid_grant"


def test_five_refreshes_at_once_and_a_lost_answer_sign_nobody_out(academy):
    tokens, answers = academy.tokens(), []

    def renew():
        answers.append(academy.refresh(tokens))

    threads = [threading.Thread(target=renew) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [200] * 5
    siblings = [answer.json() for answer in answers]
    for each in siblings:
        good = post(academy.resource, authorization=f"Bearer {each['access_token']}")
        assert good.status_code == 200
    # A window that slept all night still has the first one.
    sql(academy, "UPDATE oauth_tokens SET used_at = used_at - 43200000 WHERE used_at IS NOT NULL")

    assert academy.refresh(tokens).status_code == 200
    assert academy.refresh(siblings[3] | {"client_id": tokens["client_id"]}).status_code == 200


def test_a_replay_after_the_grace_ends_the_sign_in(academy):
    tokens = academy.tokens()
    renewed = academy.refresh(tokens).json() | {"client_id": tokens["client_id"]}
    sql(academy, "UPDATE oauth_tokens SET used_at = used_at - 86400001 WHERE used_at IS NOT NULL")

    assert academy.refresh(tokens).json()["error"] == "invalid_grant"
    assert academy.refresh(renewed).json()["error"] == "invalid_grant"


def test_a_used_refresh_token_counts_twenty_times_more(academy):
    tokens = academy.tokens()
    answers = [academy.refresh(tokens).status_code for _ in range(22)]

    assert answers == [200] * 21 + [400]


def test_an_app_that_refreshes_without_end_is_told_to_wait_and_stays_signed_in(
    academy, monkeypatch
):
    monkeypatch.setattr(grants, "REFRESHES_AN_HOUR", 3)
    tokens = academy.tokens()
    answers = []
    for _ in range(4):
        answers.append(academy.refresh(tokens))
        if answers[-1].status_code == 200:
            tokens |= answers[-1].json()
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert answers[-1].headers["retry-after"]
    sql(academy, "UPDATE oauth_tokens SET created_at = created_at - 3600001")

    assert academy.refresh(tokens).status_code == 200


def test_a_refresh_token_is_bound_to_its_app_and_is_no_access_token(academy):
    tokens = academy.tokens()
    other = academy.register(client_name="Other")["client_id"]

    assert academy.refresh(tokens | {"client_id": other}).json()["error"] == "invalid_grant"
    access = tokens | {"refresh_token": tokens["access_token"]}
    assert academy.refresh(access).json()["error"] == "invalid_grant"
    assert academy.refresh(tokens, scope="learn offline_access").status_code == 200


def test_an_emptied_database_ends_the_sign_in_and_the_app_signs_in_again_as_it_is(academy):
    tokens = academy.tokens()
    sql(academy, "DELETE FROM mcp_server_user")
    assert academy.refresh(tokens).json()["error"] == "invalid_grant"

    answer = Browser(academy).allow(academy.authorize_url(tokens["client_id"]))
    assert redeem(academy, answer["code"], tokens["client_id"]).status_code == 200


def test_nothing_that_is_secret_is_stored_as_it_is(academy):
    tokens = academy.tokens()
    with academy.database.transaction() as session:
        rows = [*session.scalars(select(OAuthToken)), *session.scalars(select(OAuthCode))]
        stored = str([vars(row) for row in rows])
        grant = session.scalars(select(OAuthGrant)).one()
        (email,) = session.scalars(select(McpServerUser.email)).all()

    assert not any(tokens[name] in stored for name in ("access_token", "refresh_token"))
    assert (grant.client_name, grant.redirect_host, email) == ("Tester", "127.0.0.1", LEA)
