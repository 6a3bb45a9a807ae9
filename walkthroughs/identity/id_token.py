"""What a provider says of a person: its signature, its claims, and the e-mail address in them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from walkthroughs.identity.email_codes import read_address

#: Signatures by a key of the provider. What is signed with our own secret, or not at all, is none.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
#: How far the clocks of a provider and of this machine may be apart.
LEEWAY_SECONDS = 180
_MAX_SUBJECT = 255
#: Of an RSA key of 2048 bits, in base64.
_MIN_MODULUS = 341
#: What libraries raise at documents that are none, besides their own errors.
_UNREADABLE = (JoseError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError)


class TokenRefused(ValueError):
    """An ID token does not prove who signed in."""


class KeyUnknown(TokenRefused):
    """The token is signed with a key that is not among those of the provider."""


def read_id_token(
    token: str,
    keys: Mapping[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str | None,
    now: int | None = None,
) -> dict[str, Any]:
    """Return the claims of an ID token, all of which hold. `sub` is a text that can be stored.

    Args:
        token: what came from the token endpoint.
        keys: the provider's JWK set.
        issuer: whose it must be.
        client_id: for whom it must be.
        nonce: of the sign-in that it must answer.
        access_token: what came with it.
        now: seconds since 1970, if not those of the clock.

    Raises:
        KeyUnknown: no key of the set has its name.
        TokenRefused: the signature or a claim is wrong.
    """
    try:
        signed = _verified(token, keys)
        claims = CodeIDToken(
            signed.claims,
            signed.header,
            options={"iss": {"value": issuer}, "aud": {"value": client_id}},
            params={"nonce": nonce, "client_id": client_id, "access_token": access_token},
        )
        claims.validate(now=now, leeway=LEEWAY_SECONDS)
    except TokenRefused:
        raise
    except _UNREADABLE as error:
        raise TokenRefused(f"The ID token is wrong: {str(error)[:200]}") from error
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_SUBJECT:
        raise TokenRefused("The ID token names nobody.")
    if not subject.isprintable():
        raise TokenRefused("The ID token names nobody.")
    return dict(claims)


def verified_email(claims: Mapping[str, Any]) -> str | None:
    """Return the e-mail address that a provider says it has verified, in small letters; else none.

    Some say "true" in quotes.
    """
    email, is_verified = claims.get("email"), claims.get("email_verified")
    if not isinstance(email, str) or (is_verified is not True and is_verified != "true"):
        return None
    return read_address(email)


def _verified(token: str, keys: Mapping[str, Any]) -> jwt.Token:
    """Return the token, if a key of the set has signed it. One without a name tries all keys."""
    header = jws.extract_compact(token.encode()).headers()
    if header.get("alg") not in ALGORITHMS:
        raise TokenRefused("The ID token is not signed in a way that counts.")
    named, error = header.get("kid"), None
    for key in _keys(keys):
        if named is None or key.kid == named:
            try:
                return jwt.decode(token, key, algorithms=list(ALGORITHMS))
            except _UNREADABLE as refused:
                error = refused
    if error is None:
        raise KeyUnknown("The ID token is signed with a key that the provider does not publish.")
    raise error


def _keys(keys: Mapping[str, Any]) -> Iterator[Key]:
    """Yield the keys that can be read and can count; sets hold some for other purposes."""
    listed = keys.get("keys")
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict) and each.get("use", "sig") == "sig" and _is_strong(each):
            with contextlib.suppress(*_UNREADABLE):
                yield JWKRegistry.import_key(each)


def _is_strong(key: Mapping[str, Any]) -> bool:
    modulus = key.get("n")
    is_rsa = key.get("kty") == "RSA" and isinstance(modulus, str)
    return key.get("kty") == "EC" or (is_rsa and len(str(modulus)) >= _MIN_MODULUS)
