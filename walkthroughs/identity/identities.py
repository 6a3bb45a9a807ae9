"""Which learner a person is that a provider has signed in."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.oidc import LearnerIdentity
from walkthroughs.models.servers import McpServerUser

_new_id = id_factory("lid")


def known_learner(session: Session, organization_id: str, issuer: str, subject: str) -> str | None:
    """Return the learner that an identity belongs to, whatever the e-mail address is now."""
    found: str | None = session.scalar(
        select(LearnerIdentity.mcp_server_user_id).where(
            LearnerIdentity.organization_id == organization_id,
            LearnerIdentity.issuer == issuer,
            LearnerIdentity.subject == subject,
        )
    )
    return found


def learner_of_new_identity(
    session: Session, organization_id: str, issuer: str, subject: str, known: str | None
) -> str:
    """Store an identity; return its learner.

    It is that of the *known* learner, whose verified e-mail address it has. Without one, it is a
    new learner, without an address. Who was faster with the same identity counts.
    """
    learner_id = known or _nameless_learner(session, organization_id)
    row = {
        "id": _new_id(),
        "organization_id": organization_id,
        "mcp_server_user_id": learner_id,
        "issuer": issuer,
        "subject": subject,
        "created_at": now_ms(),
    }
    key = ["organization_id", "issuer", "subject"]
    stored = insert(LearnerIdentity).values(row).on_conflict_do_nothing(index_elements=key)
    if session.scalar(stored.returning(LearnerIdentity.id)) is not None:
        return learner_id
    if known is None:
        session.execute(
            delete(McpServerUser).where(
                McpServerUser.organization_id == organization_id, McpServerUser.id == learner_id
            )
        )
    return known_learner(session, organization_id, issuer, subject) or learner_id


def _nameless_learner(session: Session, organization_id: str) -> str:
    learner = McpServerUser(organization_id=organization_id, email=None)
    session.add(learner)
    session.flush()
    learner_id: str = learner.id
    session.expunge(learner)
    return learner_id
