"""What a provider says of a person counts only if every part of it holds."""

import time
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from walkthroughs.identity.id_token import KeyUnknown, TokenRefused, read_id_token, verified_email

NOW = int(time.time())
RIGHT = {
    "iss": "https://login.example.com", "sub": "lea", "aud": "handrail", "nonce": "n",
    "exp": NOW + 60, "iat": NOW,
}  # fmt: skip
_PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = (
    _PLAIN | st.lists(_PLAIN, max_size=3) | st.dictionaries(st.text(max_size=5), _PLAIN, max_size=3)
)


@cache
def key(kid="a"):
    return ECKey.generate_key("P-256", parameters={"kid": kid})


def public(*keys):
    return {"keys": [each.as_dict(private=False) for each in keys]}


def read(claims, header=None, signed_by=None, keys=None):
    header = {"alg": "ES256", "kid": "a"} if header is None else header
    token = jwt.encode(header, claims, signed_by or key(), algorithms=[header["alg"]])
    return read_token(token, public(key()) if keys is None else keys)


def read_token(token, keys):
    return read_id_token(
        token, keys, issuer=RIGHT["iss"], client_id="handrail", nonce="n", access_token="x", now=NOW
    )


def test_a_right_token_names_the_person():
    assert read(RIGHT)["sub"] == "lea"
    assert read(RIGHT, {"alg": "ES256"}, keys=public(key("b"), key()))["sub"] == "lea"
    assert read(RIGHT | {"aud": ["handrail"]})["sub"] == "lea"
    assert read(RIGHT | {"aud": ["handrail", "x"], "azp": "handrail"})["sub"] == "lea"


@given(st.sampled_from([*RIGHT]), JSON)
def test_no_other_value_of_a_claim_counts(name, value):
    """But for other people and other times, which are as right."""
    try:
        claims = read(RIGHT | {name: value})
    except TokenRefused:
        return
    except ValueError:  # the encoder of the test refuses what is no JSON
        return
    assert claims["iss"] == RIGHT["iss"]
    assert claims["nonce"] == "n"
    assert claims["aud"] in ("handrail", ["handrail"])
    assert 0 < len(claims["sub"]) <= 255
    assert claims["sub"].isprintable()
    assert claims["exp"] > NOW - 181
    assert claims["iat"] < NOW + 181


@given(st.sampled_from([*RIGHT]))
def test_no_claim_may_be_missing(name):
    with pytest.raises(TokenRefused):
        read({each: value for each, value in RIGHT.items() if each != name})


@given(st.text() | st.builds(".".join, st.lists(st.text("eyJ0_-A", max_size=20), max_size=5)), JSON)
def test_any_text_and_any_keys_are_refused_in_words(token, keys):
    with pytest.raises(TokenRefused):
        read_token(token, keys if isinstance(keys, dict) else {"keys": keys})


def test_a_signature_of_another_key_or_kind_does_not_count():
    secret = OctKey.generate_key(256, parameters={"kid": "a"})
    weak = {"kty": "RSA", "n": "AQAB" * 40, "e": "AQAB", "kid": "a"}
    hs256 = {"alg": "HS256", "kid": "a"}
    for attempt in (
        lambda: read(RIGHT, signed_by=key("b")),
        lambda: read(RIGHT, {"alg": "ES256", "kid": "b"}),
        lambda: read(RIGHT, hs256, secret, {"keys": [secret.as_dict()]}),
        lambda: read(RIGHT, keys={"keys": [weak]}),
        lambda: read(RIGHT, keys={"keys": [public(key())["keys"][0] | {"use": "enc"}]}),
        lambda: read_token("eyJhbGciOiJub25lIn0.eyJzdWIiOiJsZWEifQ.", public(key())),
    ):
        with pytest.raises(TokenRefused):
            attempt()


def test_a_person_is_named_by_one_to_255_letters_that_can_be_shown():
    for subject in ("a", "a" * 255):
        assert read(RIGHT | {"sub": subject})["sub"] == subject
    for subject in ("", "a" * 256, "a\n", "\x00", 7, ["lea"]):
        with pytest.raises(TokenRefused):
            read(RIGHT | {"sub": subject})


def test_the_keys_are_asked_for_again_only_if_a_right_token_names_another():
    """`KeyUnknown` has the provider asked for its keys: nobody who writes a token causes that."""
    hs256 = OctKey.generate_key(256, parameters={"kid": "b"})
    for unknown in (
        lambda: read(RIGHT, {"alg": "ES256", "kid": "b"}),
        lambda: read(RIGHT, keys={"keys": 5}),
        lambda: read(RIGHT, keys={}),
    ):
        with pytest.raises(KeyUnknown):
            unknown()
    for wrong in (
        lambda: read(RIGHT, signed_by=key("b")),
        lambda: read(RIGHT, {"alg": "HS256", "kid": "b"}, hs256),
    ):
        with pytest.raises(TokenRefused) as refused:
            wrong()
        assert refused.type is TokenRefused


def test_an_rsa_key_counts_from_2048_bits():
    strong = RSAKey.generate_key(2048, parameters={"kid": "a"})
    header = {"alg": "RS256", "kid": "a"}

    assert read(RIGHT, header, strong, public(strong))["sub"] == "lea"


@pytest.mark.parametrize(
    ("seconds", "counts"), [(-179, True), (179, True), (-250, False), (181, False)]
)
def test_clocks_may_be_three_minutes_apart(seconds, counts):
    claims = RIGHT | {"iat": NOW + seconds, "exp": NOW + seconds + 60}
    if counts:
        assert read(claims)
    else:
        with pytest.raises(TokenRefused):
            read(claims)


@given(JSON, JSON)
def test_an_address_counts_only_if_it_is_one_and_was_verified(email, said):
    assert verified_email({"email": email, "email_verified": said}) is None or (
        said in (True, "true") and "@" in email
    )


@pytest.mark.parametrize("said", [True, "true"])
def test_a_verified_address_is_in_small_letters(said):
    assert verified_email({"email": "Lea@X.example", "email_verified": said}) == "lea@x.example"


@pytest.mark.parametrize("said", [False, 1, "yes", "True", None, [True]])
def test_an_address_that_is_not_said_to_be_verified_does_not_count(said):
    assert verified_email({"email": "lea@x.example", "email_verified": said}) is None
    assert verified_email({"email": "lea@x.example"}) is None
