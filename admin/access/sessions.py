"""Sessions of the dashboard. Each has a row, so that the server can end it."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask, request, session
from flask_login import user_logged_in, user_logged_out
from flask_security import hash_password
from flask_security.utils import set_request_attr
from sqlalchemy import delete, select, update

from admin.access.accounts import Account
from admin.access.known_browsers import remember
from walkthroughs.crypto import hash_token
from walkthroughs.ids import now_ms
from walkthroughs.models import UserSession, db
from walkthroughs.runtime import runtime

#: The key of the token in the cookie, and the maximum age of a session.
_TOKEN = "session_token"  # noqa: S105  a name
LIFETIME_SECONDS = 12 * 3600
#: How exactly the last use is known: more would be a write with each page.
SEEN_MS = 60_000
_MAX_AGENT_LETTERS = 300


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


def change_password(account: Account, password: str) -> None:
    """Set the password, and end all sessions of the account but the one of this request."""
    account.password = hash_password(password)
    end_other_sessions(account.id)
    db.session.commit()


def end_session(user_id: str, session_id: str) -> bool:
    """End one session of the user; return whether they had it."""
    ended = db.session.execute(
        delete(UserSession)
        .where(UserSession.user_id == user_id, UserSession.id == session_id)
        .returning(UserSession.id)
    ).all()
    return bool(ended)


def list_sessions(user_id: str) -> list[UserSession]:
    """Return the sessions of the user that have not ended, the one used last first."""
    query = select(UserSession).where(
        UserSession.user_id == user_id,
        UserSession.created_at > now_ms() - LIFETIME_SECONDS * 1000,
    )
    return list(db.session.scalars(query.order_by(UserSession.last_used_at.desc().nulls_last())))


def is_this(row: UserSession) -> bool:
    """Return whether the request comes from this session."""
    return row.token_hash == _token_hash()


def _load(uniquifier: str) -> Account | None:
    """Return the account of the cookie's session; none if the session has ended."""
    found = db.session.execute(
        select(Account, UserSession.id, UserSession.last_used_at)
        .join(UserSession, UserSession.user_id == Account.id)
        .where(
            Account.fs_uniquifier == uniquifier,
            Account.active,
            UserSession.token_hash == _token_hash(),
            UserSession.created_at > now_ms() - LIFETIME_SECONDS * 1000,
        )
    ).one_or_none()
    if found is None:
        return None
    _note_use(found.id, found.last_used_at)
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", session.get("fs_paa", 0))
    account: Account = found.Account
    return account


def _note_use(session_id: str, last_used_at: int | None) -> None:
    """Store that the session is used now, once a minute at most."""
    now = now_ms()
    if now - (last_used_at or 0) < SEEN_MS:
        return
    with runtime().database.autocommit() as connection:
        connection.execute(
            update(UserSession).where(UserSession.id == session_id).values(last_used_at=now)
        )


def _begin(_app: Flask, user: Any, **_: object) -> None:  # noqa: ANN401  the signal's protocol
    session[_TOKEN] = secrets.token_urlsafe(32)
    old = UserSession.created_at < now_ms() - LIFETIME_SECONDS * 1000
    db.session.execute(delete(UserSession).where(UserSession.user_id == user.id, old))
    row = UserSession(
        user_id=user.id,
        token_hash=_token_hash(),
        last_used_at=now_ms(),
        user_agent=request.user_agent.string.replace("\0", "")[:_MAX_AGENT_LETTERS],
    )
    db.session.add(row)
    remember(user)


def _end(_app: Flask, **_: object) -> None:
    db.session.execute(delete(UserSession).where(UserSession.token_hash == _token_hash()))
    db.session.commit()
    session.pop(_TOKEN, None)


def _token_hash() -> str:
    return hash_token(str(session.get(_TOKEN, "")))
