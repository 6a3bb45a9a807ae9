"""Accounts of the dashboard: passwords, and an organization's first owner."""

from __future__ import annotations

import base64
import hmac
import secrets
import uuid

from flask import current_app
from flask_security import RoleMixin, UserMixin, hash_password
from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.crypto import derive_key
from walkthroughs.enums import Role
from walkthroughs.models import Member, User
from walkthroughs.runtime import runtime

#: Marks a hash from before 0015, which was made of the password and the secret key.
_KEYED = "keyed:"


class Account(UserMixin, User):
    """A row of `User` with the attributes that Flask-Security needs."""

    @property
    def roles(self) -> list[RoleMixin]:
        """Return none: roles are held per organization, in `member`."""
        return []

    def verify_and_update_password(self, password: str) -> bool:
        """Return whether this is the password. Store a hash of today's kind if it is not one.

        The caller commits.
        """
        if not (self.password or "").startswith(_KEYED):
            return bool(super().verify_and_update_password(password))
        stored = str(self.password).removeprefix(_KEYED)
        context = current_app.extensions["security"].pwd_context
        keys = runtime().settings.secret_keys
        if not any(context.verify(_keyed_password(key, password), stored) for key in keys):
            return False
        self.password = hash_password(password)
        return True


def create_owner(session: Session, organization_id: str, email: str) -> str | None:
    """Make *email* the organization's owner, with a random password that is returned once.

    Returns none, and changes nothing, if the organization has an owner. An existing
    account keeps its password; then the returned text is empty.
    """
    owners = select(Member.id).where(
        Member.organization_id == organization_id, Member.role == Role.OWNER
    )
    if session.scalar(owners.limit(1)) is not None:
        return None
    user = session.scalar(select(User).where(User.email == email))
    password = ""
    if user is None:
        password = secrets.token_urlsafe(15)
        user = User(email=email, password=hash_password(password), fs_uniquifier=uuid.uuid4().hex)
        session.add(user)
        session.flush()
    session.add(Member(organization_id=organization_id, user_id=user.id, role=Role.OWNER))
    return password


def _keyed_password(secret_key: str, password: str) -> str:
    """Return what was hashed before 0015: an HMAC with a salt that the secret key gives."""
    salt = derive_key(secret_key, "password-salt").encode()
    return base64.b64encode(hmac.digest(salt, password.encode(), "sha512")).decode()
