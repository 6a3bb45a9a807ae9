"""Passwords: links to choose one, and changing it."""

from __future__ import annotations

from flask_security import hash_password
from itsdangerous import BadData, URLSafeTimedSerializer

from admin.access import sessions
from admin.access.accounts import Account
from walkthroughs.crypto import hash_token
from walkthroughs.models import User, db
from walkthroughs.settings import Settings

#: How many characters a password has at least, and at most.
MIN_LETTERS, MAX_LETTERS = 12, 128
#: How long a link can be used.
LINK_SECONDS = 24 * 3600


def link_token(settings: Settings, user: User) -> str:
    """Return the secret part of a link with which *user* chooses a password, once."""
    return _serializer(settings).dumps([user.id, _state(user)])


def account_of(settings: Settings, token: str) -> Account | None:
    """Return whose link this is; none if it is not ours, is too old or has been used."""
    try:
        user_id, state = _serializer(settings).loads(token, max_age=LINK_SECONDS)
    except (BadData, ValueError):
        return None
    account: Account | None = db.session.get(Account, user_id)
    return account if account is not None and _state(account) == state else None


def change_password(account: Account, password: str) -> None:
    """Set the password, and end all sessions of the account but the one of this request."""
    account.password = hash_password(password)
    sessions.end_other_sessions(account.id)
    db.session.commit()


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    newest_last = list(reversed(settings.secret_keys))
    return URLSafeTimedSerializer(newest_last, salt="a link to choose a password")


def _state(user: User) -> str:
    """Return what a change of the password changes, so that a link works once."""
    return hash_token(f"{user.password} {user.fs_uniquifier}")[:16]
