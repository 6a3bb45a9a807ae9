"""Create an organization's first owner from the command line."""

from __future__ import annotations

import secrets
import uuid

from flask_security import RoleMixin, UserMixin, hash_password
from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.enums import Role
from walkthroughs.models import Member, User


class Account(UserMixin, User):
    """A row of `User` with the attributes that Flask-Security needs."""

    @property
    def roles(self) -> list[RoleMixin]:
        """Return none: roles are held per organization, in `member`."""
        return []


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
