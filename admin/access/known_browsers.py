"""Browsers that have signed in to an account: a cookie proves it until the password is changed.

It signs nobody in, and names nobody. It gives these browsers tries of their own, which they share,
so that strangers who guess passwords close the account to other strangers and not to its owner.
"""

from __future__ import annotations

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select

from admin.access.password_state import password_state
from walkthroughs.addresses import ADMIN
from walkthroughs.crypto import hash_token
from walkthroughs.models import User, db
from walkthroughs.runtime import runtime

#: As long as browsers keep a cookie.
_SECONDS = 400 * 24 * 3600


def remember(user: User) -> None:
    """Let the browser of this request prove that it has signed in with the password of now."""
    name, value = _cookie(user.email), _serializer().dumps(password_state(user))

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            name,
            value,
            max_age=_SECONDS,
            path=ADMIN,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


def known_browser(email: str) -> str | None:
    """Return what all browsers have in common that have signed in to *email*; none if this has not.

    Another password ends it: who knew the one before has no tries but those of strangers.
    """
    try:
        proved = _serializer().loads(request.cookies.get(_cookie(email), ""), max_age=_SECONDS)
    except BadData:
        return None
    user = db.session.scalar(select(User).where(User.email == email))
    return str(proved) if user is not None and proved == password_state(user) else None


def _cookie(email: str) -> str:
    """Return the name: a browser may have signed in to several accounts."""
    return f"known_{hash_token(email)[:16]}"


def _serializer() -> URLSafeTimedSerializer:
    newest_last = list(reversed(runtime().settings.secret_keys))
    return URLSafeTimedSerializer(newest_last, salt="a browser that has signed in")
