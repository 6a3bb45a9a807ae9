"""Who has signed in at a provider, and with which e-mail address, is asked of the provider itself."""

from dataclasses import replace
from functools import partial
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.openid import CLIENT_ID, SECRET, provider_served, send
from walkthroughs.identity.openid_client import (
    ProviderClient,
    identify,
    new_secrets,
    sign_in_address,
)
from walkthroughs.identity.outside_http import OutsideHttp
from walkthroughs.identity.provider_metadata import ProviderFailed, discover
from walkthroughs.settings import Settings

CLIENT = ProviderClient(CLIENT_ID, SECRET, "http://localhost:8000/back")
LEA = "lea@acme.example"


def test_a_person_is_who_the_provider_says_and_the_address_is_asked_for_where_it_is_missing(
    tmp_path,
):
    settings = Settings(tmp_path, None, "secret", "http://localhost", allow_private_hosts=True)
    http, made = OutsideHttp(lambda _: True), new_secrets()
    assert [len(each) for each in (made.state, made.nonce, made.verifier)] == [43, 43, 43]
    with provider_served() as provider:
        metadata = discover(http, settings, provider.issuer)

        def person(asks_again=False, **changed):
            address = sign_in_address(metadata, CLIENT, made, asks_again=asks_again)
            asked = dict(parse_qsl(urlsplit(address).query))
            assert ("prompt" in asked) == asks_again
            code = dict(parse_qsl(urlsplit(provider.authorize(asked)).query))["code"]
            return identify(
                http, replace(metadata, **changed), CLIENT, code,
                nonce=made.nonce, verifier=made.verifier,
            )  # fmt: skip

        def email(claims, userinfo=None, **changed):
            provider.claims = {"sub": "lea-at-acme"} | claims
            provider.userinfo = userinfo or {}
            found = person(**changed)
            assert (found.issuer, found.subject) == (provider.issuer, "lea-at-acme")
            provider.asked.clear()
            return found.find_email(), "/userinfo" in provider.asked

        verified = {"email": LEA, "email_verified": True}
        assert person(asks_again=True).subject == "lea-at-acme"
        assert email({}) == (None, True)
        assert email({}, verified) == (LEA, True)
        assert email({"email": LEA}, verified) == (LEA, True)
        assert email(verified) == (LEA, False)
        assert email(verified | {"email_verified": False}, verified) == (None, False)
        assert email({}, verified, userinfo_endpoint=None) == (None, False)
        with pytest.raises(ProviderFailed, match="somebody else"):
            email({}, verified | {"sub": "max"})

        def signed(request):
            request.send_response(200)
            request.send_header("Content-Type", "application/jwt; charset=utf-8")
            request.send_header("Content-Length", "2")
            request.end_headers()
            request.wfile.write(b"ab")

        provider.answers["/userinfo"] = signed
        assert email({}, verified) == (None, True)
        for answer, words in (
            ({"access_token": "a", "token_type": "Bearer"}, "did not say who"),
            ({"id_token": "a", "token_type": "Bearer"}, "did not say who"),
            ({"id_token": 1, "access_token": "a"}, "did not say who"),
            ({"error": "x" * 61}, f"signed in: {'x' * 60}."),
            ([], "answered with status 200 to the code"),
        ):
            provider.answers["/token"] = partial(send, answer=answer)
            with pytest.raises(ProviderFailed) as raised:
                person()
            assert words in str(raised.value)
