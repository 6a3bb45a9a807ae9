"""Browsers in which a learner has signed in: the next sign-in there needs no code."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from walkthroughs.crypto import hash_token
from walkthroughs.ids import now_ms
from walkthroughs.models.servers import McpServerUser
from walkthroughs.models.sign_in import LearnerSession

SESSION_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in."""

    learner_id: str
    email: str


def begin(session: Session, organization_id: str, learner_id: str) -> str:
    """Begin a session of a learner; return the secret that the browser keeps."""
    session.execute(delete(LearnerSession).where(LearnerSession.expires_at < now_ms()))
    token = secrets.token_urlsafe(32)
    row = LearnerSession(
        organization_id=organization_id,
        mcp_server_user_id=learner_id,
        token_hash=hash_token(token),
        expires_at=now_ms() + SESSION_SECONDS * 1000,
    )
    session.add(row)
    return token


def signed_in(session: Session, organization_id: str, token: str) -> SignedIn | None:
    """Return whose session of this organization has this secret; none if it has ended."""
    found = session.execute(
        select(McpServerUser.id, McpServerUser.email)
        .join(LearnerSession, LearnerSession.mcp_server_user_id == McpServerUser.id)
        .where(
            LearnerSession.organization_id == organization_id,
            LearnerSession.token_hash == hash_token(token),
            LearnerSession.expires_at > now_ms(),
        )
    ).one_or_none()
    return SignedIn(found.id, found.email) if found else None


def end(session: Session, token: str) -> None:
    """End the session with this secret."""
    session.execute(delete(LearnerSession).where(LearnerSession.token_hash == hash_token(token)))
