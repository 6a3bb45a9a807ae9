"""Sign a person in at a provider, on Authlib: the address to go to, and who came back."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.auth import ClientAuth, encode_client_secret_basic
from authlib.oauth2.client import OAuth2Client

from walkthroughs.identity.id_token import (
    KeyUnknown,
    TokenRefused,
    read_id_token,
    verified_email,
)
from walkthroughs.identity.outside_http import HttpAnswer, OutsideHttp
from walkthroughs.identity.provider_metadata import (
    ProviderFailed,
    ProviderMetadata,
    ask,
    read_json,
)

_SCOPE = "openid email"


@dataclass(frozen=True, slots=True)
class ProviderClient:
    """What we are called at a provider, and where it sends people back to."""

    client_id: str
    secret: str
    callback: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """What ties the answer of a provider to one sign-in."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider has signed in.

    Attributes:
        find_email: asks for the e-mail address that the provider has verified; it may have to ask
            the provider once more, and raises `ProviderFailed` then. None if there is none.
    """

    issuer: str
    subject: str
    find_email: Callable[[], str | None]


def new_secrets() -> Secrets:
    """Return secrets for a new sign-in."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Secrets(state, nonce, verifier)


def sign_in_address(
    metadata: ProviderMetadata, client: ProviderClient, made: Secrets, *, asks_again: bool
) -> str:
    """Return where the browser goes. With *asks_again*, the provider asks who the person is."""
    more = {"prompt": "login"} if asks_again else {}
    address, _ = _oauth(None, metadata, client).create_authorization_url(
        metadata.authorization_endpoint,
        state=made.state,
        code_verifier=made.verifier,
        nonce=made.nonce,
        **more,
    )
    return str(address)


def identify(
    http: OutsideHttp,
    metadata: ProviderMetadata,
    client: ProviderClient,
    code: str,
    *,
    nonce: str,
    verifier: str,
) -> Identity:
    """Exchange the code of a provider's answer; return who has signed in.

    Raises:
        ProviderFailed: the provider is away, refuses the code, or proves nothing.
    """
    tokens = _exchange(http, metadata, client, code, verifier)
    id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
    if not isinstance(id_token, str) or not isinstance(access_token, str):
        raise ProviderFailed("It did not say who has signed in.")

    def claims_by_keys() -> dict[str, Any]:
        keys = read_json(metadata.jwks_uri, ask(http, metadata.jwks_uri))
        return read_id_token(
            id_token,
            keys,
            issuer=metadata.issuer,
            client_id=client.client_id,
            nonce=nonce,
            access_token=access_token,
        )

    try:
        try:
            claims = claims_by_keys()
        except KeyUnknown:  # it signs with a new key that this copy of the set has not got yet
            claims = claims_by_keys()
    except TokenRefused as error:
        raise ProviderFailed(str(error)) from error
    return Identity(
        metadata.issuer,
        claims["sub"],
        lambda: verified_email(claims) or _email_of_userinfo(http, metadata, claims, access_token),
    )


def _email_of_userinfo(
    http: OutsideHttp, metadata: ProviderMetadata, claims: Mapping[str, Any], access_token: str
) -> str | None:
    """Ask for the e-mail address, which many providers leave out of the ID token."""
    url = metadata.userinfo_endpoint
    if url is None or {"email", "email_verified"} <= claims.keys():
        return None
    answer = ask(http, url, {"Authorization": f"Bearer {access_token}"})
    if (answer.headers.get("Content-Type") or "").startswith("application/jwt"):
        return None  # signed answers are made at our wish only, which we have not uttered
    facts = read_json(url, answer)
    if facts.get("sub") != claims["sub"]:
        raise ProviderFailed("It spoke of somebody else when asked for the e-mail address.")
    return verified_email(facts)


def _exchange(
    http: OutsideHttp, metadata: ProviderMetadata, client: ProviderClient, code: str, verifier: str
) -> Mapping[str, Any]:
    try:
        tokens: Mapping[str, Any] = _oauth(_Session(http), metadata, client).fetch_token(
            metadata.token_endpoint, code=code, code_verifier=verifier
        )
    except OAuth2Error as error:
        code_of_error = str(error.error)[:60]
        raise ProviderFailed(f"It refused to say who has signed in: {code_of_error}.") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise ProviderFailed("What it answered cannot be read.") from error
    return tokens


def _oauth(session: _Session | None, metadata: ProviderMetadata, client: ProviderClient) -> Any:  # noqa: ANN401  Authlib has no types
    oauth = OAuth2Client(
        session,
        client.client_id,
        client.secret,
        metadata.secret_method,
        scope=_SCOPE,
        redirect_uri=client.callback,
        code_challenge_method="S256",
    )
    oauth.register_client_auth_method(("client_secret_basic", _encoded_basic))
    return oauth


def _encoded_basic(client: Any, *request: Any) -> Any:  # noqa: ANN401  Authlib's protocol
    """Send id and secret encoded (RFC 6749, 2.3.1), which Authlib leaves out."""
    encoded = ClientAuth(quote_plus(client.client_id), quote_plus(client.client_secret))
    return encode_client_secret_basic(encoded, *request)


class _Session:
    """Sends what Authlib wants to send, with the bounds of our own requests."""

    def __init__(self, http: OutsideHttp) -> None:
        self._http = http

    def post(self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> Any:  # noqa: ANN401
        """Return the answer to a form."""
        url, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return _Response(url, ask(self._http, url, sent, body))


@dataclass(frozen=True, slots=True)
class _Response:
    """An answer as Authlib reads it."""

    url: str
    answer: HttpAnswer

    @property
    def status_code(self) -> int:
        return self.answer.status

    def json(self) -> Any:  # noqa: ANN401
        return json.loads(self.answer.body)

    def raise_for_status(self) -> None:
        message = f"It answered with status {self.answer.status} to the code."
        raise ProviderFailed(message)
