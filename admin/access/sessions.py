"""Sessions of the dashboard. Each has a row, so that the server can end it."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask, session
from flask_login import user_logged_in, user_logged_out
from flask_security.utils import set_request_attr
from sqlalchemy import delete, select

from admin.access.accounts import Account
from walkthroughs.crypto import hash_token
from walkthroughs.ids import now_ms
from walkthroughs.models import UserSession, db

#: The key of the token in the cookie, and the maximum age of a session.
_TOKEN = "session_token"  # noqa: S105  a name
LIFETIME_SECONDS = 12 * 3600


def install(app: Flask) -> None:
    """Accept a cookie only if its session has a row. Accept no other sign-in."""
    manager = app.extensions["security"].login_manager
    manager.user_loader(_load)
    manager.request_loader(lambda _request: None)
    user_logged_in.connect(_begin, app)
    user_logged_out.connect(_end, app)


def end_other_sessions(user_id: str) -> None:
    """End all sessions of the user but the one of this request."""
    db.session.execute(
        delete(UserSession).where(
            UserSession.user_id == user_id, UserSession.token_hash != _token_hash()
        )
    )


def _load(uniquifier: str) -> Account | None:
    """Return the account of the cookie's session; none if the session has ended."""
    account: Account | None = db.session.scalar(
        select(Account)
        .join(UserSession, UserSession.user_id == Account.id)
        .where(
            Account.fs_uniquifier == uniquifier,
            Account.active,
            UserSession.token_hash == _token_hash(),
            UserSession.created_at > now_ms() - LIFETIME_SECONDS * 1000,
        )
    )
    if account is not None:
        set_request_attr("fs_authn_via", "session")
        set_request_attr("fs_paa", session.get("fs_paa", 0))
    return account


def _begin(_app: Flask, user: Any, **_: object) -> None:  # noqa: ANN401  the signal's protocol
    session[_TOKEN] = secrets.token_urlsafe(32)
    old = UserSession.created_at < now_ms() - LIFETIME_SECONDS * 1000
    db.session.execute(delete(UserSession).where(UserSession.user_id == user.id, old))
    db.session.add(UserSession(user_id=user.id, token_hash=_token_hash()))


def _end(_app: Flask, **_: object) -> None:
    db.session.execute(delete(UserSession).where(UserSession.token_hash == _token_hash()))
    db.session.commit()
    session.pop(_TOKEN, None)


def _token_hash() -> str:
    return hash_token(str(session.get(_TOKEN, "")))
