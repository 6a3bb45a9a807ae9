"""The authorization server of one MCP server, on Authlib, for one request and its transaction.

Where Authlib's defaults are not ours: PKCE by S256 is asked of everybody before a page is shown; an
unknown client is answered with 401; all rows that tokens depend on are locked and written in the
caller's transaction; `iss` is in every answer that goes through the browser.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from authlib.oauth2 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import (
    InvalidClientError,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7009 import RevocationEndpoint
from flask import Request, Response
from sqlalchemy.orm import Session

from walkthroughs.addresses import SCOPE
from walkthroughs.identity import grants
from walkthroughs.identity.authlib_adapters import (
    Issuer,
    ReadRequest,
    RequiredS256,
    StoredCode,
    StoredToken,
)
from walkthroughs.identity.clients import Client
from walkthroughs.identity.redirects import redirect_host
from walkthroughs.identity.sign_in_server import SignInServer

_METHODS = ["none", "client_secret_basic", "client_secret_post"]


@dataclass(frozen=True, slots=True)
class Context:
    """What a request is about.

    Attributes:
        find_client: returns the app with an id; none if nobody knows it.
    """

    session: Session
    server: SignInServer
    find_client: Callable[[str], Client | None]


class LearnerAuthorization(AuthorizationServer):  # type: ignore[misc]  # Authlib has no types
    """Answers requests to authorize, for tokens, and to revoke one."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.register_grant(_CodeGrant, [RequiredS256(required=True)])
        self.register_grant(_RefreshGrant)
        self.register_endpoint(_Revocation)
        Issuer(context.server.addresses.issuer)(self)

    def query_client(self, client_id: str) -> Client | None:
        """Return the app with this id."""
        return self.context.find_client(client_id)

    def authenticate_client(self, request: Any, methods: Any, endpoint: str = "token") -> Client:  # noqa: ANN401
        """Return the app that has proved who it is; 401 if it has not, as clients expect."""
        try:
            client: Client = super().authenticate_client(request, methods, endpoint)
        except InvalidClientError as error:
            raise InvalidClientError(error.description, status_code=401) from error
        return client

    def generate_token(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401  Authlib's protocol
        """Return an answer without tokens. They are made when it is saved."""
        return {"token_type": "Bearer", "expires_in": grants.ACCESS_SECONDS, "scope": SCOPE}

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Exchange the code or the refresh token, which are locked, for tokens."""
        session = self.context.session
        made = (
            grants.redeem(session, request.authorization_code.row)
            if request.authorization_code
            else grants.rotate(session, request.refresh_token.row, request.refresh_token.grant)
        )
        token |= {"access_token": made.access, "refresh_token": made.refresh}

    def create_oauth2_request(self, request: Request) -> OAuth2Request:
        """Return the request as Authlib reads it."""
        return ReadRequest(request)

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:  # noqa: ANN401
        """Return an answer of Authlib's as Flask's."""
        text = json.dumps(body) if isinstance(body, dict) else body
        return Response(text, status=status, headers=headers)

    def error_response(self, error: OAuth2Error) -> Response:
        """Return the answer that tells an app through the browser what is wrong."""
        response: Response = self.handle_error_response(None, error)
        Issuer(self.context.server.addresses.issuer).add_issuer_parameter(self, response)
        return response

    def send_signal(self, *_: Any, **__: Any) -> None:  # noqa: ANN401  Authlib's protocol
        """Tell nobody."""

    def check_resource(self, request: OAuth2Request) -> None:
        """Refuse a request that names another server (RFC 8707). Many name none: then it is ours.

        Raises:
            OAuth2Error: it does.
        """
        named = request.payload.datalist["resource"]
        if not all(self.context.server.is_meant_by(each) for each in named if each):
            message = "The resource is not this server."
            raise OAuth2Error(message, error="invalid_target")


class _CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """A code for what a learner has allowed, and tokens for the code."""

    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS

    def validate_authorization_request(self) -> str:
        redirect_uri: str = super().validate_authorization_request()
        try:
            self.server.check_resource(self.request)
        except OAuth2Error as error:
            error.redirect_uri = redirect_uri
            raise
        return redirect_uri

    def generate_authorization_code(self) -> str:
        return grants.new_code()

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        context, client = self.server.context, request.client
        grants.store_code(
            context.session,
            context.server,
            request.user,
            code,
            client_id=client.client_id,
            client_name=client.name,
            redirect_uri=request.payload.redirect_uri or "",
            redirect_host=redirect_host(self.redirect_uri),
            challenge=request.payload.data["code_challenge"],
            resource=context.server.addresses.resource,
        )

    def validate_token_request(self) -> None:
        super().validate_token_request()
        self.server.check_resource(self.request)

    def query_authorization_code(self, code: str, client: Client) -> StoredCode | None:
        context = self.server.context
        row = grants.find_code(context.session, context.server.id, client.client_id, code)
        return StoredCode(row) if row else None

    def delete_authorization_code(self, authorization_code: StoredCode) -> None:
        """Keep it: its replay ends the sign-in."""

    def authenticate_user(self, authorization_code: StoredCode) -> str:
        return authorization_code.row.mcp_server_user_id


class _RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]
    """New tokens for a refresh token."""

    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def validate_token_request(self) -> None:
        super().validate_token_request()
        self.server.check_resource(self.request)

    def _validate_token_scope(self, token: StoredToken) -> None:
        """Ignore it: there is one scope."""

    def authenticate_refresh_token(self, refresh_token: str) -> StoredToken | None:
        context = self.server.context
        found = grants.find_refresh(context.session, context.server.id, refresh_token)
        return StoredToken(*found) if found else None

    def authenticate_user(self, refresh_token: StoredToken) -> str:
        return refresh_token.grant.mcp_server_user_id

    def revoke_old_credential(self, refresh_token: StoredToken) -> None:
        """It is marked as used already."""


class _Revocation(RevocationEndpoint):  # type: ignore[misc]
    """Ends a token (RFC 7009)."""

    CLIENT_AUTH_METHODS = _METHODS

    def query_token(self, token_string: str, token_type_hint: str | None) -> StoredToken | None:
        context = self.server.context
        found = grants.find_token(context.session, context.server.id, token_string)
        return StoredToken(*found) if found else None

    def revoke_token(self, token: StoredToken, request: OAuth2Request) -> None:
        grants.revoke(self.server.context.session, token.row)
