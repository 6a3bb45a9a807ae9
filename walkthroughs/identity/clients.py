"""Apps that ask for a sign-in. A registered one is not stored: its id is what it said, signed.

So a registration survives the loss of the database, and fills none.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin
from itsdangerous import BadData, URLSafeSerializer

from walkthroughs.addresses import SCOPE
from walkthroughs.crypto import derive_key
from walkthroughs.errors import HandrailError
from walkthroughs.identity.redirects import MAX_REDIRECTS, matches, redirect_fault

#: Without a secret: PKCE proves that who exchanges a code is who asked for it.
PUBLIC = "none"
_WITH_SECRET = ("client_secret_basic", "client_secret_post")
#: A client id stands in addresses.
_MAX_ID_CHARACTERS = 4_000
_MAX_NAME_CHARACTERS = 80
_NO_NAME = "An app without a name"


class ClientRefused(HandrailError):
    """What an app said of itself cannot be used. `error` is the word of RFC 7591 for it."""

    def __init__(self, message: str, error: str = "invalid_client_metadata") -> None:
        super().__init__(message)
        self.error = error


@dataclass(frozen=True, slots=True)
class Client(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """An app, with what Authlib asks of one.

    Attributes:
        client_id: the signed metadata, or the address of its document.
        name: what it calls itself. Anybody can call themselves anything.
        document_host: the host of its document, which is proved; none of a registered app.
        secrets: what it proves itself with; none of a public app. One for each secret key.
    """

    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    document_host: str | None = None
    secrets: tuple[str, ...] = ()

    def get_client_id(self) -> str:
        """Return its id."""
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        """Return where to send an answer if it does not say; none if it might be several."""
        return self.redirect_uris[0] if len(self.redirect_uris) == 1 else None

    def get_allowed_scope(self, _scope: str | None) -> str:
        """Return the one scope that there is, whatever it asks for."""
        return SCOPE

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Return whether an answer may be sent there."""
        fits = any(matches(registered, redirect_uri) for registered in self.redirect_uris)
        return fits and redirect_fault(redirect_uri) is None

    def check_client_secret(self, client_secret: str) -> bool:
        """Return whether this is its secret."""
        given = client_secret.encode()
        return any(hmac.compare_digest(each.encode(), given) for each in self.secrets)

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Return whether it may prove itself this way. With a secret, either way will do."""
        return (method in _WITH_SECRET) if self.secrets else method == PUBLIC

    def check_response_type(self, response_type: str) -> bool:
        """Return whether it may ask for this: a code."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Return whether it may exchange this for tokens."""
        return grant_type in {"authorization_code", "refresh_token"}


def register(secret_keys: Sequence[str], given: object) -> dict[str, Any]:
    """Return the answer to a registration (RFC 7591): what counts of *given*, and the id.

    What is unknown is ignored. The same metadata get the same id.

    Raises:
        ClientRefused: there is no redirect address, or one that is not accepted.
    """
    if not isinstance(given, dict):
        raise ClientRefused("Send the metadata of the client as a JSON object.")
    name, redirects = read_metadata(given)
    method = given.get("token_endpoint_auth_method") or PUBLIC
    if method != PUBLIC and method not in _WITH_SECRET:
        raise ClientRefused("The token_endpoint_auth_method is not supported. Use none.")
    client_id = _serializer(secret_keys).dumps([name, list(redirects), int(method != PUBLIC)])
    assert isinstance(client_id, str)  # noqa: S101  narrows the type
    if len(client_id) > _MAX_ID_CHARACTERS:
        raise ClientRefused("The metadata are too long. Register fewer redirect addresses.")
    answer = {
        "client_id": client_id,
        "client_name": name,
        "redirect_uris": list(redirects),
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
        "scope": SCOPE,
    }
    if method != PUBLIC:
        secret = _secret(secret_keys[0], client_id)
        answer |= {"client_secret": secret, "client_secret_expires_at": 0}
    return answer


def registered_client(secret_keys: Sequence[str], client_id: str) -> Client | None:
    """Return the app with this id; none if the id was not signed with one of our keys."""
    if len(client_id) > _MAX_ID_CHARACTERS:
        return None
    try:
        name, redirects, has_secret = _serializer(secret_keys).loads(client_id)
    except (BadData, ValueError):
        return None
    secrets = tuple(_secret(key, client_id) for key in secret_keys) if has_secret else ()
    return Client(client_id, name, tuple(redirects), secrets=secrets)


def read_metadata(given: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the name and the redirect addresses that an app gives.

    Raises:
        ClientRefused: there is no redirect address, or one that is not accepted.
    """
    redirects = given.get("redirect_uris")
    if not isinstance(redirects, list) or not 0 < len(redirects) <= MAX_REDIRECTS:
        message = f"Give 1 to {MAX_REDIRECTS} redirect_uris."
        raise ClientRefused(message, "invalid_redirect_uri")
    for uri in redirects:
        fault = redirect_fault(uri) if isinstance(uri, str) else "A redirect address is no text."
        if fault:
            raise ClientRefused(fault, "invalid_redirect_uri")
    return _name(given.get("client_name")), tuple(redirects)


def _name(given: object) -> str:
    """Return a name that shows as it is: without what turns, hides or breaks a line."""
    text = given if isinstance(given, str) else ""
    shown = "".join(letter for letter in text[:1_000] if letter.isprintable()).strip()
    return shown[:_MAX_NAME_CHARACTERS] or _NO_NAME


def _secret(secret_key: str, client_id: str) -> str:
    return derive_key(secret_key, f"secret of the client {client_id}")


def _serializer(secret_keys: Sequence[str]) -> URLSafeSerializer:
    newest_last = list(reversed(secret_keys))
    return URLSafeSerializer(
        newest_last, salt="a registered client", signer_kwargs={"digest_method": hashlib.sha256}
    )
