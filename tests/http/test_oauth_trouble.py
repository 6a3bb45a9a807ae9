"""Restarts, proxies, limits, logs and a database that is away, in the middle of a sign-in."""

import logging
import threading

import httpx

from tests.refusing import connections_refused
from tests.signing_in import (
    CALLBACK,
    LEA,
    VERIFIER,
    Browser,
    TlsEnded,
    academy_served,
    answer_of,
    go_on,
    redeem,
    start,
    step_of,
)
from walkthroughs.identity import request_limits
from walkthroughs.identity.request_limits import Limit, LimitReached
from walkthroughs.mcp_server.redaction import RedactLinks


def test_a_restart_between_any_two_steps_loses_nothing(academy):
    client_id = academy.register()["client_id"]
    url, browser = academy.authorize_url(client_id), Browser(academy)
    academy.restart()
    page = browser.get(url)
    academy.restart()
    page = browser.submit(page, "email", email=LEA)
    academy.restart()
    assert browser.submit(page, "code", code=academy.mailbox.code()).status_code == 303
    academy.restart()
    page = browser.get(url)
    academy.restart()
    answer = answer_of(browser.submit(page, "allow"))
    academy.restart()
    tokens = redeem(academy, answer["code"], client_id).json() | {"client_id": client_id}
    academy.restart()
    step = start(academy, tokens["access_token"])
    academy.restart()

    assert step_of(go_on(academy, academy.refresh(tokens).json()["access_token"], step))


def test_behind_a_proxy_that_ends_tls_nothing_says_http(database, settings):
    base_url = "https://localhost:{port}"
    with academy_served(database, settings, base_url=base_url) as academy:
        with httpx.Client(transport=TlsEnded()) as client:
            asked = client.post(academy.resource, json={})
            metadata = asked.headers["www-authenticate"].split('"')[1]
            document = client.get(metadata)
            issuer = academy.origin + "/.well-known/oauth-authorization-server/s/acme/mcp"
            facts = client.get(issuer)
            registered = client.post(
                f"{academy.oauth}/register",
                json={"redirect_uris": ["https://app.example/callback"]},
            ).json()
            browser = Browser(academy, TlsEnded)
            url = academy.authorize_url(
                registered["client_id"], redirect_uri="https://app.example/callback"
            )
            first = browser.get(url)
            answer = browser.submit(browser.consent_page(url), "allow")
            form = {
                "grant_type": "authorization_code",
                "code": answer_of(answer)["code"],
                "client_id": registered["client_id"],
                "redirect_uri": "https://app.example/callback",
                "code_verifier": VERIFIER,
            }
            got = client.post(f"{academy.oauth}/token", data=form)
        shown = [asked.headers["www-authenticate"], document.text, facts.text,
                 first.text.replace("http-equiv", ""), answer.headers["location"]]  # fmt: skip
        cookies = {each.name: each for each in browser.cookies.jar}

    assert got.status_code == 200
    assert not [text for text in shown if "http:" in text]
    assert facts.json()["client_id_metadata_document_supported"] is True
    (session,) = [name for name in cookies if name.startswith("__Host-learner_org_")]
    assert (cookies[session].secure, cookies[session].path) == (True, "/")
    assert cookies[session].has_nonstandard_attr("HttpOnly")


def test_while_the_database_is_away_no_app_is_told_that_its_sign_in_has_ended(academy, postgres):
    tokens = academy.tokens()
    client_id = tokens["client_id"]
    with connections_refused(postgres):
        token = academy.refresh(tokens)
        page = httpx.get(academy.authorize_url(client_id))
        document = httpx.get(f"{academy.origin}/.well-known/oauth-protected-resource/s/nobody/mcp")
    assert (token.status_code, token.json()["error"]) == (503, "temporarily_unavailable")
    assert token.headers["retry-after"]
    assert (page.status_code, document.status_code) == (503, 503)

    assert academy.refresh(tokens).status_code == 200


def test_a_limit_counts_for_all_processes_and_at_once(database, academy):
    limit, over = Limit("tests", 5, 3600), []
    whom = academy.caller.organization_id

    def ask():
        try:
            request_limits.take(database, whom, limit, "lea")
        except LimitReached as reached:
            over.append(reached.retry_seconds)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    request_limits.take(database, whom, limit, "max")

    assert len(over) == 3
    assert all(0 < seconds <= 3600 for seconds in over)


def test_failures_of_an_address_are_counted_and_what_succeeds_is_not(academy, monkeypatch):
    from walkthroughs.identity import oauth_endpoints

    monkeypatch.setattr(oauth_endpoints, "_FAILURES", Limit("few-failures", 3, 3600))
    tokens = academy.tokens()
    for _ in range(5):
        tokens |= academy.refresh(tokens).json()
    bad = {"refresh_token": "x", "client_id": tokens["client_id"]}
    answers = [academy.refresh(bad).status_code for _ in range(4)]
    refused = academy.refresh(tokens)

    assert answers == [400, 400, 400, 429]
    assert (refused.status_code, refused.json()["error"]) == (429, "temporarily_unavailable")
    assert int(refused.headers["retry-after"]) > 0


def test_no_log_has_a_token_a_code_or_a_link(academy, caplog):
    caplog.set_level(logging.DEBUG)
    client_id = academy.register()["client_id"]
    answer = Browser(academy).allow(academy.authorize_url(client_id))
    got = redeem(academy, answer["code"], client_id).json()
    start(academy, got["access_token"])
    redact = RedactLinks()
    kept = []
    for record in caplog.records:
        redact.filter(record)
        kept.append(record.getMessage() + (record.exc_text or ""))
    secrets = [got["access_token"], got["refresh_token"], answer["code"], VERIFIER]
    secrets += [academy.mailbox.code(), academy.mailbox.code().replace(" ", "")]

    ours = [line for line in kept if "127.0.0.1:7777" not in line]
    assert [line for line in ours if any(secret in line for secret in secrets)] == []
    assert CALLBACK


NO_SECRETS = ["Basic", "Basic !!!", "Basic /w==", "Basic eA==", "Basic " + "A" * 9_001]


def test_a_secret_that_cannot_be_read_is_refused_in_words(academy, subtests):
    for header in NO_SECRETS:
        with subtests.test(case=repr(header)):
            answer = httpx.post(
                f"{academy.oauth}/token",
                data={"grant_type": "refresh_token", "refresh_token": "x"},
                headers={"authorization": header},
            )

            assert answer.status_code in {400, 401}
            assert answer.json()["error"] in {"invalid_request", "invalid_client"}


NO_REQUESTS = [
    {}, {"grant_type": "password"}, {"grant_type": "authorization_code"}, {"grant_type": "\x00"},
    {"grant_type": "refresh_token"}, {"grant_type": "client_credentials", "client_id": "x"},
    {"grant_type": "authorization_code", "code": "\x00", "client_id": "https://a.example/\x00"},
    {"grant_type": "authorization_code", "code": "é", "client_id": "é", "x": "y" * 20_000},
]  # fmt: skip


def test_what_is_no_request_for_tokens_is_refused_as_json(academy, subtests):
    for form in NO_REQUESTS:
        with subtests.test(case=repr(form)):
            answer = academy.exchange(**form)

            assert 400 <= answer.status_code < 414
            assert answer.json()["error"]
            assert answer.headers["cache-control"] == "no-store"
