"""Where clients look for a sign-in: documents at every address they try, and none where none is."""

import threading

import httpx
import pytest

from tests.builders import new_course
from tests.http.posting import post
from tests.signing_in import academy_served
from walkthroughs.enums import SignIn

PRM, RFC8414, OPENID = (
    f"/.well-known/{name}"
    for name in ("oauth-protected-resource", "oauth-authorization-server", "openid-configuration")
)


@pytest.fixture
def academy(database, settings):
    with academy_served(database, settings, custom_domain="learn.acme.example") as made:
        made.set(domain_verified_at=1)
        with database.transaction() as session:
            new_course(session, slug="links")
        yield made


def get(academy, path, host=None, method="GET", **headers):
    named = {"host": host} if host else {}
    return httpx.request(method, f"{academy.origin}{path}", headers=named | headers)


def port(academy):
    return academy.origin.rpartition(":")[2]


def test_the_documents_of_a_server_at_a_path_are_inserted_and_appended(academy):
    resource = academy.resource
    found = [get(academy, path) for path in (
        f"{PRM}/s/acme/mcp", f"{PRM}/s/acme/mcp/", f"/s/acme/mcp{PRM}"
    )]  # fmt: skip
    issuers = [get(academy, path) for path in (
        f"{RFC8414}/s/acme/mcp", f"{OPENID}/s/acme/mcp", f"/s/acme/mcp{RFC8414}",
        f"/s/acme/mcp{OPENID}", f"/s/acme/mcp{OPENID}/",
    )]  # fmt: skip

    for answer in found:
        assert answer.json() == {
            "resource": resource,
            "authorization_servers": [resource],
            "scopes_supported": ["learn"],
            "bearer_methods_supported": ["header"],
            "resource_name": "Acme",
        }
    (document,) = {answer.text for answer in issuers}
    facts = issuers[0].json()
    assert document
    assert facts["issuer"] == resource
    assert {name: facts[f"{name}_endpoint"] for name in ("authorization", "token", "registration", "revocation")} == {
        "authorization": f"{academy.oauth}/authorize",
        "token": f"{academy.oauth}/token",
        "registration": f"{academy.oauth}/register",
        "revocation": f"{academy.oauth}/revoke",
    }  # fmt: skip
    assert facts["code_challenge_methods_supported"] == ["S256"]
    assert facts["authorization_response_iss_parameter_supported"] is True
    assert set(facts["token_endpoint_auth_methods_supported"]) == {
        "none", "client_secret_basic", "client_secret_post",
    }  # fmt: skip
    assert "client_id_metadata_document_supported" not in facts  # http: nobody could prove a host


@pytest.mark.parametrize("host", ["acme.localhost", "learn.acme.example", "ACME.localhost:1"])
def test_a_host_of_its_own_has_them_at_its_root_and_scheme_and_port_are_those_of_the_settings(
    academy, host
):
    origin = f"http://{host.lower().removesuffix(':1')}:{port(academy)}"
    for path in (PRM, f"{PRM}/mcp"):
        document = get(academy, path, host).json()
        assert (document["resource"], document["authorization_servers"]) == (
            f"{origin}/mcp",
            [origin],
        )
    for path in (RFC8414, OPENID):
        document = get(academy, path, host, **{"x-forwarded-proto": "https"}).json()
        assert (document["issuer"], document["token_endpoint"]) == (origin, f"{origin}/oauth/token")
    asked = post(f"{academy.origin}/mcp", host=host)

    assert asked.status_code == 401
    assert f'resource_metadata="{origin}{PRM}/mcp"' in asked.headers["www-authenticate"]


ELSEWHERE = [
    PRM, RFC8414, OPENID, f"{PRM}/mcp", f"{PRM}/s/links/mcp", f"{RFC8414}/s/links/mcp",
    f"/s/links/mcp{OPENID}", f"{RFC8414}/s/nobody/mcp", f"{RFC8414}/s/acme", f"{RFC8414}/mcp",
    "/oauth/authorize", "/oauth/token", "/oauth/register", "/register", "/authorize", "/token",
    "/s/links/oauth/authorize", "/s/links/oauth/register", "/s/nobody/oauth/token",
    "/s/acme/oauth/userinfo", f"/s/../mcp{OPENID}", f"{PRM}/s/acme/mcp/u/secret",
]  # fmt: skip


def test_anywhere_else_is_404_as_json(academy, subtests):
    for path in ELSEWHERE:
        with subtests.test(case=repr(path)):
            for method in ("GET", "POST"):
                answer = get(academy, path, method=method)
                words = answer.json()["error"]["message"]
                assert (answer.status_code, words[:16]) == (404, "There is nothing"), method
                assert "A server that asks for a sign-in answers 401 at its address" in words


def test_pages_of_any_site_read_the_documents_and_the_endpoints_and_are_asked_for_no_token(academy):
    page = {"origin": "https://app.example"}
    documents = [f"{PRM}/s/acme/mcp", f"{RFC8414}/s/acme/mcp"]
    endpoints = [f"/s/acme/oauth/{name}" for name in ("token", "register", "revoke")]
    for path in documents:
        assert get(academy, path, **page).headers["access-control-allow-origin"] == "*"
    for path in [*documents, *endpoints]:
        asked = page | {"access-control-request-method": "POST",
                        "access-control-request-headers": "mcp-protocol-version"}  # fmt: skip
        answer = get(academy, path, method="OPTIONS", **asked)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
        assert "*" in answer.headers["access-control-allow-headers"]
    for path in endpoints:
        assert (
            get(academy, path, method="POST", **page).headers["access-control-allow-origin"] == "*"
        )
    consent = get(academy, "/s/acme/oauth/authorize", **page)

    assert "access-control-allow-origin" not in consent.headers
    assert get(academy, f"{PRM}/s/links/mcp", **page).status_code == 403


def test_pages_of_any_site_call_a_server_that_asks_at_connect_and_no_other(academy):
    page = {"origin": "https://app.example"}
    refused = post(academy.resource, **page)
    asked = get(academy, "/s/acme/mcp", method="OPTIONS", **page,
                **{"access-control-request-method": "POST"})  # fmt: skip
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://app.example"
    assert "WWW-Authenticate" in refused.headers["access-control-expose-headers"]
    assert asked.status_code == 200
    assert post(f"{academy.origin}/s/links/mcp", **page).status_code == 403
    academy.set(sign_in=SignIn.WHEN_NEEDED)
    threading.Event().wait(2.1)  # what the endpoint knows of the server may be two seconds old

    assert post(academy.resource, **page).status_code == 403


def test_a_slash_at_the_end_is_answered_and_not_redirected(academy):
    answer = post(f"{academy.resource}/")

    assert (answer.status_code, answer.is_redirect) == (401, False)


def test_a_server_with_personal_links_is_as_ever(academy):
    url = f"{academy.origin}/s/links/mcp"
    answers = [post(url), post(url, authorization="Bearer x"), httpx.get(url)]

    assert [answer.status_code for answer in answers] == [200, 200, 405]
    assert not any("www-authenticate" in answer.headers for answer in answers)
