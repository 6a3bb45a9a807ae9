"""What a provider of OpenID Connect says of itself is checked, address by address."""

from dataclasses import replace
from email.message import Message

import pytest

from walkthroughs.identity.outside_http import HttpAnswer
from walkthroughs.identity.provider_metadata import (
    ProviderFailed,
    ProviderMetadata,
    outside_http,
    read_json,
    read_metadata,
    url_fault,
)
from walkthroughs.settings import Settings

ISSUER = "https://login.example"
NO_ADDRESS, NO_HOST = "is no address", "is no address of a host without user and fragment"
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path, None, "secret", "http://localhost")


def answer(status=200, body=b"{}"):
    return HttpAnswer(status, Message(), body)


def failed(work, *arguments):
    with pytest.raises(ProviderFailed) as raised:
        work(*arguments)
    assert not raised.value.is_away
    return str(raised.value)


def test_an_address_is_that_of_a_host_behind_https(settings):
    longest = f"{ISSUER}/{'x' * (1000 - len(ISSUER) - 1)}"
    faults = {
        ISSUER: None, f"{ISSUER}:8443/a?b=c": None, longest: None, f"{longest}x": NO_ADDRESS,
        f"{ISSUER}/a b": NO_ADDRESS, f"{ISSUER}/é": NO_ADDRESS, "": NO_ADDRESS,
        "https://login.example:x/": NO_ADDRESS, "https://[::1": NO_ADDRESS,
        "https:///a": NO_HOST, "login.example": NO_HOST, "https://ana@login.example": NO_HOST,
        "https://@login.example": NO_HOST, f"{ISSUER}/#a": NO_HOST, f"{ISSUER}/#": NO_HOST,
        "http://login.example": "does not begin with https://",
        "ftp://localhost": "does not begin with https://",
    }  # fmt: skip
    allowed = replace(settings, allow_private_hosts=True)
    assert {url: url_fault(url, settings) for url in faults} == faults
    assert {url: url_fault(url, allowed) for url in faults} == faults
    assert "HANDRAIL_ALLOW_PRIVATE_HOSTS" in url_fault("http://localhost:1", settings)
    assert url_fault("http://localhost:1", allowed) is None
    assert outside_http(allowed).is_allowed("127.0.0.1")
    assert not outside_http(settings).is_allowed("127.0.0.1")


def test_a_document_is_read_if_it_is_that_of_the_issuer_and_names_what_is_needed(settings):
    read = ProviderMetadata(
        ISSUER, f"{ISSUER}/authorize", f"{ISSUER}/token", f"{ISSUER}/keys", None,
        names_itself=False, secret_method="client_secret_basic",
    )  # fmt: skip
    methods = "token_endpoint_auth_methods_supported"
    expected = [
        ({}, read),
        ({"userinfo_endpoint": None}, read),
        ({"userinfo_endpoint": f"{ISSUER}/me"}, replace(read, userinfo_endpoint=f"{ISSUER}/me")),
        (
            {"authorization_response_iss_parameter_supported": True},
            replace(read, names_itself=True),
        ),
        ({"authorization_response_iss_parameter_supported": "yes"}, read),
        ({methods: None}, read),
        ({methods: []}, read),
        ({methods: ["client_secret_post"]}, replace(read, secret_method="client_secret_post")),
        ({methods: [{}, "client_secret_post", "client_secret_basic"]}, read),
    ]
    for more, metadata in expected:
        assert read_metadata(DOCUMENT | more, settings, ISSUER) == metadata
        assert ProviderMetadata(**metadata.as_json()) == metadata

    refused = [
        ({"issuer": f"{ISSUER}/"}, f'that of the issuer "{ISSUER}/", not of "{ISSUER}"'),
        ({"issuer": "x" * 300}, f'issuer "{"x" * 200}", not'),
        ({"issuer": None}, 'issuer "None"'),
        ({"jwks_uri": None}, "names no jwks_uri."),
        ({"token_endpoint": 1}, "names no token_endpoint."),
        ({"userinfo_endpoint": []}, "names no userinfo_endpoint."),
        ({"jwks_uri": "http://a.example"}, "jwks_uri 'http://a.example' does not begin with"),
        ({"jwks_uri": "h" + "x" * 300}, f"jwks_uri {'h' + 'x' * 199!r} is no"),
        ({methods: ["private_key_jwt"]}, "accepts no client secret"),
        ({methods: "client_secret_basic"}, "accepts no client secret"),
    ]
    for more, words in refused:
        said = failed(read_metadata, DOCUMENT | more, settings, ISSUER)
        assert words in said


def test_an_answer_is_an_object_of_json_with_status_200(settings):
    url = f"{ISSUER}/keys?secret=1"
    assert read_json(url, answer(body=b'{"a": [1]}')) == {"a": [1]}
    for status, body, words in [
        (201, b"{}", "answered with status 201."),
        (200, b"[1]", "answered is no object of JSON."),
        (200, b"{", "answered is no JSON."),
        (200, b"[" * 60_000, "answered is no JSON."),
        (200, b"\xff", "answered is no JSON."),
    ]:
        said = failed(read_json, url, answer(status, body))
        assert f"{ISSUER}/keys" in said
        assert words in said
        assert "secret" not in said
