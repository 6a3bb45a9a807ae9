"""The rules of sign-ins that need no server: redirects, refresh tokens, addresses, logs."""

from contextlib import nullcontext
from secrets import token_hex
from types import SimpleNamespace

import pytest
from authlib.oauth2 import OAuth2Error
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from walkthroughs.addresses import sign_in_addresses
from walkthroughs.identity.authlib_adapters import ReadRequest, RequiredS256
from walkthroughs.identity.clients import ClientRefused, register, registered_client
from walkthroughs.identity.email_codes import read_address
from walkthroughs.identity.redirects import matches, redirect_fault
from walkthroughs.identity.refresh_rule import GRACE_MS, GRACE_USES, Use, judge_use
from walkthroughs.mcp_server.authorization import bearer_token
from walkthroughs.mcp_server.discovery import document_asked_for
from walkthroughs.mcp_server.redaction import redact

KEYS = ("a secret key for the tests only",)


@given(st.text() | st.from_regex(r"[a-z+.-]{1,12}:(//)?[!-~]{0,40}", fullmatch=True))
def test_whatever_is_accepted_as_a_redirect_matches_itself_and_runs_nothing(uri):
    fault = redirect_fault(uri)
    if fault is None:
        assert matches(uri, uri)
        assert uri.isascii()
        assert not uri.lower().startswith(("javascript:", "data:", "file:", "vbscript:"))
    else:
        assert fault.isascii()
        assert not set(fault) & set('"\\')


@given(st.from_regex(r"https?://[a-z.@:\[\]0-9]{1,20}/[a-z/?#]{0,10}", fullmatch=True),
       st.from_regex(r"https?://[a-z.@:\[\]0-9]{1,20}/[a-z/?#]{0,10}", fullmatch=True))  # fmt: skip
def test_only_a_port_of_this_computer_may_differ(registered, asked):
    if registered != asked and matches(registered, asked):
        assert registered.startswith(("http://localhost", "http://127.0.0.1", "http://[::1]"))
        assert asked.startswith(("http://localhost", "http://127.0.0.1", "http://[::1]"))


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["redirect_uris", "client_name", "token_endpoint_auth_method", "scope"]), inner
    ),
    max_leaves=8,
))  # fmt: skip
def test_a_registration_is_refused_in_words_or_reads_back_as_it_was(given_metadata):
    try:
        told = register(KEYS, given_metadata)
    except ClientRefused:
        return
    client = registered_client(KEYS, told["client_id"])
    assert (client.name, list(client.redirect_uris)) == (told["client_name"], told["redirect_uris"])


def test_an_app_is_registered_with_up_to_twenty_addresses_a_short_name_and_a_known_method():
    uris = [f"https://app.test/{n}" for n in range(20)]
    public = register(KEYS, {"redirect_uris": uris, "client_name": "a\u202eb\n" + "x" * 99})
    assert public["client_name"] == "ab" + "x" * 78
    assert "client_secret" not in public
    client = registered_client(("a newer key", *KEYS), public["client_id"])
    assert client.redirect_uris == tuple(uris)
    assert client.get_default_redirect_uri() is None
    assert client.check_redirect_uri(uris[19])
    assert not client.check_redirect_uri("https://app.test/20")
    assert [
        client.check_endpoint_auth_method(m, "token") for m in ("none", "client_secret_post")
    ] == [True, False]
    assert not client.check_client_secret("")
    assert client.check_response_type("code")
    assert not client.check_response_type("token")
    assert client.check_grant_type("refresh_token")
    assert not client.check_grant_type("password")

    with_secret = {"redirect_uris": uris[:1], "token_endpoint_auth_method": "client_secret_post"}
    told = register(KEYS, with_secret)
    assert told["client_secret_expires_at"] == 0
    assert told["client_name"] == "An app without a name"
    client = registered_client(("a newer key", *KEYS), told["client_id"])
    assert client.get_default_redirect_uri() == uris[0]
    assert client.check_client_secret(told["client_secret"])
    assert not client.check_client_secret(told["client_secret"] + "x")
    assert [
        client.check_endpoint_auth_method(m, "token") for m in ("none", "client_secret_post")
    ] == [False, True]
    assert registered_client(("another key",), told["client_id"]) is None

    # What says more than the same again and again.
    long = [f"https://app.test/{n}" + "".join(token_hex(90) for _ in range(5)) for n in range(9)]
    for refused, said in (
        ([], "JSON object"),
        ({}, "1 to 20"),
        ({"redirect_uris": []}, "1 to 20"),
        ({"redirect_uris": [*uris, uris[0]]}, "1 to 20"),
        ({"redirect_uris": [7]}, "no text"),
        ({"redirect_uris": ["http://app.test/"]}, "neither https"),
        ({"redirect_uris": uris, "token_endpoint_auth_method": "private_key_jwt"}, "not supported"),
        ({"redirect_uris": long}, "too long"),
    ):
        with pytest.raises(ClientRefused, match=said):
            register(KEYS, refused)


@given(st.text())
def test_no_other_text_is_a_client(text):
    assert registered_client(KEYS, text) is None


@given(st.integers(0, 2**45), st.integers(0, 100), st.integers(0, 2 * GRACE_MS))
def test_a_used_refresh_token_counts_for_a_day_and_twenty_uses(used_at, uses, later):
    use = judge_use(used_at, uses, used_at + later)

    assert (use is Use.AGAIN) == (later <= GRACE_MS and uses < GRACE_USES)
    assert judge_use(None, uses, later) is Use.FIRST


def test_the_last_moment_and_the_last_use_of_a_used_refresh_token_count_and_the_next_does_not():
    day = 86_400_000
    assert judge_use(5, 19, 5 + day) is Use.AGAIN
    assert judge_use(5, 0, 6 + day) is judge_use(5, 20, 6) is judge_use(0, 20, 1) is Use.REPLAY


@given(st.text(max_size=300))
def test_an_address_that_gets_mail_is_one_and_in_small_letters(typed):
    address = read_address(typed)

    assert address is None or (address.count("@") == 1 and address == address.lower().strip())


@pytest.mark.parametrize(
    ("typed", "address"),
    [(" Lea+x@X.Example ", "lea+x@x.example"), ("lea@x", None), ("a@b.c,d@e.f", None), ("", None)],
)
def test_how_addresses_are_read(typed, address):
    assert read_address(typed) == address


@given(st.text(max_size=100))
def test_any_path_is_a_document_or_none(path):
    assert document_asked_for(path) is None or "well-known" in path


def test_addresses_have_no_slash_at_the_end_and_one_string_in_both_documents():
    at_path = sign_in_addresses("https://learn.example:8443", slug="acme")
    own = sign_in_addresses("https://learn.example:8443", host="acme.learn.example")

    assert at_path.resource == at_path.issuer == "https://learn.example:8443/s/acme/mcp"
    assert own.resource == "https://acme.learn.example:8443/mcp"
    assert own.issuer == "https://acme.learn.example:8443"
    assert own.endpoints == "https://acme.learn.example:8443/oauth"


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, None),
        ({b"authorization": b"Bearer abc"}, "abc"),
        ({b"authorization": b"bearer  abc "}, "abc"),
        ({b"authorization": b"Bearer"}, ""),
        ({b"authorization": b"Basic abc"}, None),
        ({b"authorization": b"\xff"}, None),
    ],
)
def test_which_token_a_request_has(headers, token):
    assert bearer_token(headers) == token


@pytest.mark.parametrize(
    "line",
    [
        "GET /s/acme/mcp/u/SECRET HTTP/1.1",
        "GET /.well-known/oauth-protected-resource/s/acme/mcp/u/SECRET",
        "Location: http://127.0.0.1/callback?code=SECRET-_x&state=y",
        "body grant_type=refresh_token&refresh_token=SECRET",
        '{"access_token": "SECRET", "token_type": "Bearer"}',
        "{'refresh_token': 'SECRET'}",
        "Authorization: Bearer SECRET",
        "authorization: Basic SECRET==",
        "client_secret=SECRET",
        "a token hra_SECRET in the middle",
        "code_verifier=SECRET",
    ],
)
def test_no_secret_of_a_sign_in_is_left_in_a_line(line):
    assert "SECRET" not in redact(line)


@pytest.mark.parametrize("line", ["code=1234 5678", "code: 12345678", "Your code is 1234 5678"])
def test_no_code_by_e_mail_is_left_in_a_line(line):
    assert "5678" not in redact(line)


@pytest.mark.parametrize(
    "line", ["error code 404", "token expired", "exit code: 1", "the code is wrong"]
)
def test_what_is_no_secret_stays(line):
    assert redact(line) == line


@pytest.mark.parametrize(
    ("challenge", "method", "refused"),
    [
        ("x" * 43, "S256", False), ("x" * 42, "S256", True), ("x" * 44, "S256", True),
        ("x" * 43, "plain", True), ("x" * 43, None, True), (None, "S256", True), (None, None, True),
    ],
)  # fmt: skip
def test_an_app_sends_a_challenge_by_s256(challenge, method, refused):
    named = {"code_challenge": challenge, "code_challenge_method": method}
    query = {name: value for name, value in named.items() if value}
    asked = EnvironBuilder(path="/s/acme/oauth/authorize", query_string=query).get_environ()
    grant = SimpleNamespace(request=ReadRequest(Request(asked)))
    with pytest.raises(OAuth2Error) if refused else nullcontext():
        RequiredS256().validate_code_challenge(grant, "http://localhost/")
