"""Invitations to an organization: a link that is shown once, for one address, for a week."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from walkthroughs.addresses import EMAIL_PATTERN
from walkthroughs.crypto import hash_token
from walkthroughs.enums import Role
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.ids import now_ms
from walkthroughs.models import Invitation, Member, Organization, User

DAYS = 7
#: How many are made at once, and how many of an organization are open.
MAX_AT_ONCE, MAX_OPEN = 20, 500
_MAX_LETTERS = 254
_SEPARATORS = re.compile(r"[\s,;]+")
_OPEN = (Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))


class InvitationEnded(HandrailError):
    """The link opens nothing any more; the message says why."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What an open invitation offers.

    Attributes:
        slug: of the organization.
        inviter: the e-mail address of who made it; none for the command line.
    """

    id: str
    organization_id: str
    slug: str
    organization: str
    email: str
    role: Role
    inviter: str | None


def read_addresses(typed: str) -> list[str]:
    """Return the addresses of a text, in small letters and each once.

    Raises:
        HandrailError: there is none, one of them is no address, or there are too many.
    """
    words = list(dict.fromkeys(filter(None, _SEPARATORS.split(typed.lower()))))
    bad = next((word for word in words if not _is_address(word)), None)
    if bad is not None:
        raise HandrailError(f'"{bad[:80]}" is not an e-mail address, such as lea@example.com.')
    if not words:
        raise HandrailError("Type the e-mail address of who you invite.")
    if len(words) > MAX_AT_ONCE:
        raise HandrailError(f"Invite {MAX_AT_ONCE} people at once, and then the others.")
    return words


def invite(
    session: Session,
    organization_id: str,
    emails: Sequence[str],
    role: Role,
    invited_by: str | None,
) -> dict[str, str]:
    """Invite *emails*, all or none; return the secret of each link, for the only time.

    Raises:
        HandrailError: one of them is a member or is invited already, or too many are open.
    """
    session.scalars(
        select(Organization.id).where(Organization.id == organization_id).with_for_update()
    ).one()
    _refuse_known(session, organization_id, emails)
    count = select(func.count()).where(Invitation.organization_id == organization_id, *_OPEN)
    if session.scalars(count).one() + len(emails) > MAX_OPEN:
        raise HandrailError(f"{MAX_OPEN} invitations are open. Revoke those that nobody needs.")
    tokens = {email: secrets.token_urlsafe(32) for email in emails}
    session.add_all(
        Invitation(
            organization_id=organization_id,
            email=email,
            role=role,
            token_hash=hash_token(token),
            invited_by=invited_by,
            expires_at=_expiry(),
        )
        for email, token in tokens.items()
    )
    session.flush()
    return tokens


def resend(session: Session, organization_id: str, invitation_id: str) -> tuple[Invitation, str]:
    """Give an open invitation a new link for another week; the one before opens nothing.

    Raises:
        NotFound: there is no such invitation, or it is not open.
    """
    row, token = _open(session, organization_id, invitation_id), secrets.token_urlsafe(32)
    row.token_hash, row.expires_at = hash_token(token), _expiry()
    session.flush()
    return row, token


def revoke(session: Session, organization_id: str, invitation_id: str) -> Invitation:
    """End an open invitation.

    Raises:
        NotFound: there is no such invitation, or it is not open.
    """
    row = _open(session, organization_id, invitation_id)
    row.revoked_at = now_ms()
    session.flush()
    return row


def list_open(session: Session, organization_id: str) -> list[Row[Any]]:
    """Return id, email, role, expires_at and inviter of each open one, by address."""
    query = (
        select(
            Invitation.id,
            Invitation.email,
            Invitation.role,
            Invitation.expires_at,
            User.email.label("inviter"),
        )
        .outerjoin(User, User.id == Invitation.invited_by)
        .where(Invitation.organization_id == organization_id, *_OPEN)
        .order_by(Invitation.email)
        .limit(MAX_OPEN)
    )
    return list(session.execute(query))


def find(session: Session, token: str) -> Offer:
    """Return what the link with this secret offers.

    Raises:
        InvitationEnded: nothing: it was used, revoked, is too old, or is none of ours.
    """
    query = (
        select(Invitation, Organization, User.email.label("inviter"))
        .join(Organization, Organization.id == Invitation.organization_id)
        .outerjoin(User, User.id == Invitation.invited_by)
        .where(Invitation.token_hash == hash_token(token))
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise InvitationEnded("This is no invitation, or a newer link has replaced it.")
    row, organization = found.Invitation, found.Organization
    _refuse_ended(row)
    return Offer(
        row.id, organization.id, organization.slug, organization.name,
        row.email, row.role, found.inviter,
    )  # fmt: skip


def accept(session: Session, offer: Offer, user_id: str) -> None:
    """Make the user a member, and the link a used one. Who is a member keeps their role.

    Raises:
        InvitationEnded: it has ended since *offer* was read.
    """
    row = session.scalars(
        select(Invitation)
        .where(Invitation.organization_id == offer.organization_id, Invitation.id == offer.id)
        .with_for_update()
    ).one()
    _refuse_ended(row)
    row.accepted_at = now_ms()
    member = select(Member.id).where(
        Member.organization_id == offer.organization_id, Member.user_id == user_id
    )
    if session.scalar(member) is None:
        session.add(Member(organization_id=offer.organization_id, user_id=user_id, role=row.role))
    session.flush()


def _refuse_ended(row: Invitation) -> None:
    if row.accepted_at is not None:
        raise InvitationEnded("This invitation has been used. Sign in as usual.")
    if row.revoked_at is not None:
        raise InvitationEnded("This invitation was taken back. Ask who sent it to you.")
    if row.expires_at <= now_ms():
        raise InvitationEnded(
            f"This invitation is older than {DAYS} days. Ask who sent it for a new link."
        )


def _refuse_known(session: Session, organization_id: str, emails: Sequence[str]) -> None:
    members = select(User.email).join(Member, Member.user_id == User.id)
    member = session.scalar(
        members.where(Member.organization_id == organization_id, User.email.in_(emails)).limit(1)
    )
    if member is not None:
        raise HandrailError(f"{member} is a member already. Nobody was invited.")
    invited = session.scalar(
        select(Invitation.email)
        .where(Invitation.organization_id == organization_id, Invitation.email.in_(emails), *_OPEN)
        .limit(1)
    )
    if invited is not None:
        raise HandrailError(
            f"{invited} is invited already: make a new link below. Nobody was invited."
        )


def _open(session: Session, organization_id: str, invitation_id: str) -> Invitation:
    row: Invitation | None = session.scalar(
        select(Invitation)
        .where(
            Invitation.organization_id == organization_id, Invitation.id == invitation_id, *_OPEN
        )
        .with_for_update()
    )
    if row is None:
        raise NotFound("That invitation was accepted or taken back. Reload the page.")
    return row


def _is_address(word: str) -> bool:
    return len(word) <= _MAX_LETTERS and word.isprintable() and bool(EMAIL_PATTERN.fullmatch(word))


def _expiry() -> int:
    return now_ms() + DAYS * 24 * 3600 * 1000
