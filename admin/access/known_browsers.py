"""Browsers that have signed in to an account: a cookie proves it, for as long as browsers keep one.

It signs nobody in. It gives the browser tries of its own, so that strangers who guess passwords
close the account to other strangers and not to its owner.
"""

from __future__ import annotations

import secrets

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from walkthroughs.addresses import ADMIN
from walkthroughs.crypto import hash_token
from walkthroughs.runtime import runtime

_SECONDS = 400 * 24 * 3600


def remember(email: str) -> None:
    """Let the browser of this request prove that who has this account has signed in with it."""
    value = _serializer().dumps([email, secrets.token_urlsafe(16)])

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            _cookie(email),
            value,
            max_age=_SECONDS,
            path=ADMIN,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


def known_browser(email: str) -> str | None:
    """Return what tells this browser from others; none if nobody has signed in to *email* in it."""
    try:
        whose, browser = _serializer().loads(
            request.cookies.get(_cookie(email), ""), max_age=_SECONDS
        )
    except (BadData, ValueError, TypeError):
        return None
    return str(browser) if whose == email else None


def _cookie(email: str) -> str:
    """Return the name: a browser may have signed in to several accounts."""
    return f"known_{hash_token(email)[:16]}"


def _serializer() -> URLSafeTimedSerializer:
    newest_last = list(reversed(runtime().settings.secret_keys))
    return URLSafeTimedSerializer(newest_last, salt="a browser that has signed in")
