"""Where apps register, exchange codes and refresh tokens, and end them: no page, and no cookie."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.hosts import caller_of
from walkthroughs.identity import request_limits
from walkthroughs.identity.authorization_server import Context, LearnerAuthorization
from walkthroughs.identity.clients import ClientRefused, register
from walkthroughs.identity.oauth_requests import known_client, refuse_unreadable, requested_server
from walkthroughs.identity.request_limits import Limit, LimitReached
from walkthroughs.identity.sign_in_server import SignInServer
from walkthroughs.identity.transactions import transaction
from walkthroughs.runtime import runtime

oauth_endpoints = Blueprint("oauth", __name__)
_MAX_BYTES = 16 * 1024
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: Of one address. Hosted assistants share addresses, so what succeeds is not counted.
_FAILURES = Limit("token-failures", 300, 900)
_RETRY_SECONDS = 2


@oauth_endpoints.before_request
def _bound() -> None:
    request.max_content_length = _MAX_BYTES


@oauth_endpoints.after_request
def _let_pages_read(response: Response) -> Response:
    """Let pages of any site call: there is no cookie that would help them."""
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Allow-Headers"] = "*, Authorization"
    headers["Access-Control-Allow-Methods"] = "POST, OPTIONS"
    headers["Access-Control-Max-Age"] = "600"
    headers["Cache-Control"] = "no-store"
    return response


def register_app(_server: SignInServer) -> ResponseReturnValue:
    """Register an app (RFC 7591)."""
    try:
        given = json.loads(request.get_data())
    except (ValueError, RecursionError):
        given = None
    try:
        return jsonify(register(runtime().settings.secret_keys, given)), 201
    except ClientRefused as refused:
        return jsonify(error=refused.error, error_description=str(refused)), 400


def token(server: SignInServer) -> ResponseReturnValue:
    """Exchange a code or a refresh token for tokens."""
    return _answer(server, lambda oauth: oauth.create_token_response(request))


def revoke(server: SignInServer) -> ResponseReturnValue:
    """End a token (RFC 7009)."""
    return _answer(server, lambda oauth: oauth.create_endpoint_response("revocation", request))


def _posted(view: Callable[[SignInServer], ResponseReturnValue]) -> Callable[..., Any]:
    """Return *view* for requests that post. Where there is no such server, no method is allowed."""

    def answer(slug: str | None = None) -> ResponseReturnValue:
        server = requested_server(slug)
        if request.method == "POST":
            return view(server)
        refused = jsonify(error="invalid_request", error_description="Send it with POST.")
        return refused, 405, {"Allow": "POST, OPTIONS"}

    return answer


for _name, _view in (("register", register_app), ("token", token), ("revoke", revoke)):
    _answering = _posted(_view)
    for _path in (f"/oauth/{_name}", f"/s/<slug>/oauth/{_name}"):
        oauth_endpoints.add_url_rule(_path, _name, _answering, methods=_METHODS)


def _answer(
    server: SignInServer, ask: Callable[[LearnerAuthorization], Response]
) -> ResponseReturnValue:
    refuse_unreadable()
    _refuse_unreadable_secret()
    database, caller = runtime().database, caller_of(request.remote_addr)
    request_limits.refuse_if_reached(database, server.organization_id, _FAILURES, caller)
    with transaction() as session:
        response = ask(LearnerAuthorization(Context(session, server, known_client)))
    if response.status_code >= 400:
        request_limits.take(database, server.organization_id, _FAILURES, caller)
    return response


def _refuse_unreadable_secret() -> None:
    """Answer 400 where Authlib would fail: an `Authorization` that is no text in base64."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return
    try:
        base64.b64decode(value).decode()
    except (binascii.Error, ValueError) as error:
        raise BadRequest from error


@oauth_endpoints.errorhandler(BadRequest)
def _unreadable(_: BadRequest) -> ResponseReturnValue:
    message = "Send a form." if request.is_json else "It cannot be read."
    return jsonify(error="invalid_request", error_description=message), 400


@oauth_endpoints.errorhandler(RequestEntityTooLarge)
def _too_large(_: RequestEntityTooLarge) -> ResponseReturnValue:
    message = f"A request may have {_MAX_BYTES // 1024} KiB."
    return jsonify(error="invalid_request", error_description=message), 413


@oauth_endpoints.errorhandler(LimitReached)
def _limited(limit: LimitReached) -> ResponseReturnValue:
    answer = jsonify(error="temporarily_unavailable", error_description=str(limit))
    return answer, 429, {"Retry-After": str(limit.retry_seconds)}


@oauth_endpoints.errorhandler(DatabaseUnavailable)
def _unavailable(error: DatabaseUnavailable) -> ResponseReturnValue:
    """Answer so that no app takes it for the end of its sign-in."""
    answer = jsonify(error="temporarily_unavailable", error_description=str(error))
    return answer, 503, {"Retry-After": str(_RETRY_SECONDS)}
