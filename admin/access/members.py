"""Who belongs to an organization, and as what. An organization keeps at least one owner."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.orm import Session

from walkthroughs.addresses import EMAIL_PATTERN
from walkthroughs.enums import Role
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.identity.organizations import organization_id
from walkthroughs.models import Member, Organization, User


def add_member(session: Session, organization: str, email: str, role: Role) -> User:
    """Make *email* a member of the organization with this slug; return the person.

    A person who is new has no password yet.

    Raises:
        HandrailError: there is no such organization, that is no address, or they are a member.
    """
    email = email.strip().lower()
    owner = organization_id(session, organization, lock=True)
    if not EMAIL_PATTERN.fullmatch(email):
        raise HandrailError(f'"{email}" is not an e-mail address, such as lea@example.com.')
    user = session.scalar(select(User).where(User.email == email))
    if user is None:
        user = User(email=email, fs_uniquifier=uuid.uuid4().hex)
        session.add(user)
        session.flush()
    if _member(session, owner, email) is not None:
        raise HandrailError(f"{email} is a member of {organization} already.")
    session.add(Member(organization_id=owner, user_id=user.id, role=role))
    session.flush()
    return user


def set_role(session: Session, organization: str, email: str, role: Role) -> None:
    """Give a member another role.

    Raises:
        HandrailError: they are no member, or the last owner.
    """
    member = _existing(session, organization, email)
    if role is not Role.OWNER:
        _refuse_last_owner(session, member, organization)
    member.role = role


def remove_member(session: Session, organization: str, email: str) -> bool:
    """Take a member out. Return whether their account is gone: it belonged to nothing else.

    Raises:
        HandrailError: they are no member, or the last owner.
    """
    member = _existing(session, organization, email)
    _refuse_last_owner(session, member, organization)
    user_id = member.user_id
    session.delete(member)
    session.flush()
    if session.scalar(select(Member.id).where(Member.user_id == user_id).limit(1)) is not None:
        return False
    session.execute(delete(User).where(User.id == user_id))
    return True


def list_members(session: Session, organization: str | None = None) -> list[Row[Any]]:
    """Return organization, email, role and whether there is a password, of each member."""
    query = (
        select(
            Organization.slug.label("organization"),
            User.email,
            Member.role,
            User.password.is_not(None).label("has_password"),
        )
        .join(Member, Member.organization_id == Organization.id)
        .join(User, User.id == Member.user_id)
        .order_by(Organization.slug, User.email)
    )
    if organization is not None:
        query = query.where(Organization.id == organization_id(session, organization))
    return list(session.execute(query))


def find_user(session: Session, email: str) -> User:
    """Return the person with this e-mail address.

    Raises:
        NotFound: nobody has it.
    """
    user: User | None = session.scalar(select(User).where(User.email == email.strip().lower()))
    if user is None:
        raise NotFound(f'Nobody signs in as "{email}". See: flask members list')
    return user


def _member(session: Session, owner: str, email: str) -> Member | None:
    member: Member | None = session.scalar(
        select(Member)
        .join(User, User.id == Member.user_id)
        .where(Member.organization_id == owner, User.email == email.strip().lower())
    )
    return member


def _existing(session: Session, organization: str, email: str) -> Member:
    member = _member(session, organization_id(session, organization, lock=True), email)
    if member is None:
        raise NotFound(f'"{email}" is no member of {organization}. See: flask members list')
    return member


def _refuse_last_owner(session: Session, member: Member, organization: str) -> None:
    owners = session.scalars(
        select(Member.user_id).where(
            Member.organization_id == member.organization_id, Member.role == Role.OWNER
        )
    ).all()
    if owners == [member.user_id]:
        raise HandrailError(
            f"{organization} would have no owner. First make somebody else its owner: "
            "flask members role, or flask members add."
        )
