"""Requests and rows as Authlib asks for them, and its rules where ours are stricter."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import (
    AuthorizationCodeMixin,
    InvalidRequestError,
    OAuth2Payload,
    TokenMixin,
)
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from flask import Request

from walkthroughs.addresses import SCOPE
from walkthroughs.identity.clients import Client
from walkthroughs.models.oauth import OAuthCode, OAuthGrant, OAuthToken

#: Characters of a challenge by S256: base64 of 32 bytes.
_CHALLENGE_CHARACTERS = 43


class _ReadPayload(OAuth2Payload):  # type: ignore[misc]
    """Parameters of a request to authorize are in its address; those of others, in its body."""

    def __init__(self, request: Request) -> None:
        in_address = request.path.endswith("/authorize")
        self.data = request.args if in_address else request.form
        self.datalist = defaultdict(list, self.data.to_dict(flat=False))

    data: Any = None
    datalist: Any = None


class ReadRequest(OAuth2Request):  # type: ignore[misc]
    """A request of Flask's, as Authlib reads it."""

    def __init__(self, request: Request) -> None:
        # Authlib refuses http. A proxy may have ended TLS, and says nothing that is believed.
        uri = f"https://{request.host}{request.path}"
        super().__init__(request.method, uri, headers=request.headers)
        self.payload = _ReadPayload(request)
        self._args, self._form = request.args, request.form

    @property
    def args(self) -> Any:  # noqa: ANN401  werkzeug's
        """Return the parameters in the address."""
        return self._args

    @property
    def form(self) -> Any:  # noqa: ANN401  werkzeug's
        """Return the parameters in the body."""
        return self._form


class Issuer(IssuerParameter):  # type: ignore[misc]
    """Adds the issuer to answers that go through the browser, so that apps notice a mix-up."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    def get_issuer(self) -> str:
        """Return the issuer."""
        return self._issuer


class RequiredS256(CodeChallenge):  # type: ignore[misc]
    """Asks every app for a challenge by S256, before the learner sees a page."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:  # noqa: ANN401
        """Refuse a request without such a challenge."""
        data = grant.request.payload.data
        if len(data.get("code_challenge", "")) != _CHALLENGE_CHARACTERS:
            raise InvalidRequestError("PKCE is required: send a 'code_challenge'.")
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is required: the 'code_challenge_method' is S256.")
        super().validate_code_challenge(grant, redirect_uri)


@dataclass(frozen=True, slots=True)
class StoredCode(AuthorizationCodeMixin):  # type: ignore[misc]
    """A stored code, with what Authlib asks of one."""

    row: OAuthCode
    code_challenge_method: str = "S256"

    @property
    def code_challenge(self) -> str:
        """Return the challenge that the verifier must fit."""
        return self.row.challenge

    def get_redirect_uri(self) -> str:
        """Return where the code was sent, if the app had said where."""
        return self.row.redirect_uri

    def get_scope(self) -> str:
        """Return the one scope that there is."""
        return SCOPE


@dataclass(frozen=True, slots=True)
class StoredToken(TokenMixin):  # type: ignore[misc]
    """A stored token and its grant, with what Authlib asks of one."""

    row: OAuthToken
    grant: OAuthGrant

    def check_client(self, client: Client) -> bool:
        """Return whether it was given to this app."""
        return self.grant.client_id == client.client_id

    def get_scope(self) -> str:
        """Return the one scope that there is."""
        return SCOPE
