"""Browsers in which a learner has signed in: the next sign-in there is one click.

A session counts where learners sign in the same way: by code, or at the same provider. Otherwise
who reads a mailbox would get past a provider that asks for more.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from walkthroughs.crypto import hash_token
from walkthroughs.ids import now_ms
from walkthroughs.models.oidc import LearnerIdentity
from walkthroughs.models.servers import McpServerUser
from walkthroughs.models.sign_in import LearnerSession

SESSION_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, by an e-mail address or by what a provider calls them."""

    learner_id: str
    name: str


def begin(
    session: Session, organization_id: str, learner_id: str, provider_id: str | None = None
) -> str:
    """Begin a session of a learner; return the secret that the browser keeps.

    They have signed in at the provider, or with a code.
    """
    session.execute(delete(LearnerSession).where(LearnerSession.expires_at < now_ms()))
    token = secrets.token_urlsafe(32)
    row = LearnerSession(
        organization_id=organization_id,
        oidc_provider_id=provider_id,
        mcp_server_user_id=learner_id,
        token_hash=hash_token(token),
        expires_at=now_ms() + SESSION_SECONDS * 1000,
    )
    session.add(row)
    return token


def signed_in(
    session: Session, organization_id: str, token: str, provider_id: str | None = None
) -> SignedIn | None:
    """Return whose session of this organization has this secret; none if it has ended.

    It counts if they signed in at the provider; without one, with a code.
    """
    subject = (
        select(LearnerIdentity.subject)
        .where(
            LearnerIdentity.organization_id == organization_id,
            LearnerIdentity.mcp_server_user_id == McpServerUser.id,
        )
        .order_by(LearnerIdentity.created_at, LearnerIdentity.id)
        .limit(1)
        .scalar_subquery()
    )
    found = session.execute(
        select(McpServerUser.id, func.coalesce(McpServerUser.email, subject, McpServerUser.id))
        .join(LearnerSession, LearnerSession.mcp_server_user_id == McpServerUser.id)
        .where(
            LearnerSession.organization_id == organization_id,
            LearnerSession.oidc_provider_id.is_not_distinct_from(provider_id),
            LearnerSession.token_hash == hash_token(token),
            LearnerSession.expires_at > now_ms(),
        )
    ).one_or_none()
    return SignedIn(*found) if found else None


def end(session: Session, token: str) -> None:
    """End the session with this secret."""
    session.execute(delete(LearnerSession).where(LearnerSession.token_hash == hash_token(token)))
