"""Passwords: links to choose one, and changing it."""

from __future__ import annotations

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.access.accounts import Account
from admin.access.password_state import password_state
from walkthroughs.models import Member, User, db
from walkthroughs.settings import Settings

#: How many characters a password has at least, and at most.
MIN_LETTERS, MAX_LETTERS = 12, 128
#: How long a link can be used.
LINK_SECONDS = 24 * 3600


def link_token(settings: Settings, user: User, organization_id: str | None = None) -> str:
    """Return the secret part of a link with which *user* chooses a password, once.

    With an organization, it opens nothing once the user belongs to any other: an owner who has
    seen the link could sign in there as them.
    """
    limit = [] if organization_id is None else [organization_id]
    return _serializer(settings).dumps([user.id, password_state(user), *limit])


def belongs_only_to(session: Session, user_id: str, organization_id: str) -> bool:
    """Return whether the user is a member of this organization, and of no other."""
    of_user = select(Member.__table__.c.organization_id).where(
        Member.__table__.c.user_id == user_id
    )
    return list(session.execute(of_user).scalars()) == [organization_id]


def account_of(settings: Settings, token: str) -> Account | None:
    """Return whose link this is; none if it is not ours, is too old or has been used."""
    try:
        user_id, state, *limit = _serializer(settings).loads(token, max_age=LINK_SECONDS)
    except (BadData, ValueError):
        return None
    account: Account | None = db.session.get(Account, user_id)
    if account is None or password_state(account) != state:
        return None
    if limit and not belongs_only_to(db.session(), user_id, limit[0]):
        return None
    return account


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    newest_last = list(reversed(settings.secret_keys))
    return URLSafeTimedSerializer(newest_last, salt="a link to choose a password")
