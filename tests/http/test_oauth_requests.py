"""What apps ask for: which server, which answer, and who they are."""

from urllib.parse import parse_qs, urlsplit

import httpx

from tests.signing_in import (
    Browser,
    answer_of,
    redeem,
)


def test_a_client_that_nobody_knows_is_401_at_the_endpoints_and_told_what_to_do_on_a_page(academy):
    token = academy.refresh({"refresh_token": "x", "client_id": "unknown"})
    revoke = httpx.post(f"{academy.oauth}/revoke", data={"token": "x", "client_id": "unknown"})
    for answer in (token, revoke):
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    for name, value in (("token", "a\x7f"), ("token", "\x1fa"), ("\x00", "a")):
        odd = {"client_id": "unknown", name: value}
        assert httpx.post(f"{academy.oauth}/revoke", data=odd).status_code == 400
    assert httpx.get(f"{academy.origin}/s/none/oauth/authorize").status_code == 404
    page = httpx.get(academy.authorize_url("unknown"))

    assert page.status_code == 400
    assert "remove this server and add it again" in page.text


RESOURCES = [
    (None, True),
    ("", True),
    ("{resource}/", True),
    ("{RESOURCE}", True),
    ("{own_origin}", True),
    ("{own_host}", True),
    ("{origin}/s/other/mcp", False),
    ("https://evil.example/mcp", False),
]


def test_a_resource_that_is_this_server_however_written_and_no_other(academy, subtests):
    learner = Browser(academy)  # signs in once: an address gets few mails
    for named, is_ours in RESOURCES:
        with subtests.test(case=repr(named)):
            written = named and named.format(
                resource=academy.resource,
                RESOURCE=academy.resource.upper(),
                own_host=academy.own_host,
                own_origin=academy.own_host.removesuffix("/mcp"),
                origin=academy.origin,
            )
            client_id = academy.register()["client_id"]
            page = Browser(academy).get(academy.authorize_url(client_id, resource=written))
            more = {} if written is None else {"resource": written}
            refreshed = academy.refresh(academy.tokens(learner), **more)

            assert page.status_code == (200 if is_ours else 302)
            assert refreshed.status_code == (200 if is_ours else 400)
            if not is_ours:
                assert refreshed.json()["error"] == answer_of(page)["error"] == "invalid_target"


def test_every_answer_through_the_browser_names_the_issuer_and_the_state(academy):
    client_id = academy.register()["client_id"]
    browser = Browser(academy)
    answers = [
        browser.allow(academy.authorize_url(client_id)),
        answer_of(browser.submit(browser.get(academy.authorize_url(client_id)), "cancel")),
        answer_of(browser.get(academy.authorize_url(client_id, code_challenge_method="plain"))),
        answer_of(browser.get(academy.authorize_url(client_id, code_challenge=None))),
        answer_of(browser.get(academy.authorize_url(client_id, response_type="token"))),
    ]

    assert {(each["iss"], each["state"]) for each in answers} == {(academy.resource, "xyz")}
    assert [each.get("error") for each in answers] == [
        None, "access_denied", "invalid_request", "invalid_request", "unsupported_response_type",
    ]  # fmt: skip


def test_a_client_with_a_secret_needs_both_the_secret_and_pkce(academy):
    app = academy.register(token_endpoint_auth_method="client_secret_post")
    bare = academy.authorize_url(app["client_id"], code_challenge=None, code_challenge_method=None)
    assert answer_of(Browser(academy).get(bare))["error"] == "invalid_request"
    code = Browser(academy).allow(academy.authorize_url(app["client_id"]))["code"]
    for secret in ({}, {"client_secret": "wrong"}):
        refused = redeem(academy, code, app["client_id"], **secret)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    good = redeem(academy, code, app["client_id"], client_secret=app["client_secret"])

    assert good.status_code == 200


def test_the_answer_goes_where_the_app_asked_and_keeps_what_its_address_had(academy):
    app = academy.register(redirect_uris=["cursor://anysphere.cursor-mcp/oauth/callback?a=b"])
    url = academy.authorize_url(app["client_id"], redirect_uri=app["redirect_uris"][0])
    browser = Browser(academy)
    page = browser.consent_page(url)
    location = urlsplit(browser.submit(page, "allow").headers["location"])

    assert (location.scheme, location.netloc) == ("cursor", "anysphere.cursor-mcp")
    assert parse_qs(location.query).keys() == {"a", "code", "state", "iss"}
