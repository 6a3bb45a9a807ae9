"""Learners, as operators speak of them."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from walkthroughs.errors import NotFound
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.servers import McpServerUser
from walkthroughs.models.sign_in import SignInCode

_new_learner_id = id_factory("msu")


def erase(session: Session, organization_id: str, email: str) -> None:
    """Delete a learner with their links, sign-ins, progress and attempts. It cannot be undone.

    Raises:
        NotFound: the organization has no such learner.
    """
    deleted = session.scalars(
        delete(McpServerUser)
        .where(
            McpServerUser.organization_id == organization_id,
            McpServerUser.email == email.strip().lower(),
        )
        .returning(McpServerUser.id)
        .execution_options(synchronize_session=False)
    ).all()
    session.execute(
        delete(SignInCode).where(
            SignInCode.organization_id == organization_id, SignInCode.email == email.strip().lower()
        )
    )
    if not deleted:
        raise NotFound(f'The organization has no learner "{email}".')


def learner_ids(session: Session, organization_id: str, emails: list[str]) -> dict[str, str]:
    """Return the id of each learner by e-mail address; make those who are not known yet."""
    rows = [
        {
            "id": _new_learner_id(),
            "organization_id": organization_id,
            "email": email,
            "created_at": now_ms(),
        }
        for email in emails
    ]
    session.execute(
        insert(McpServerUser).on_conflict_do_nothing(index_elements=["organization_id", "email"]),
        rows,
    )
    query = select(McpServerUser.email, McpServerUser.id).where(
        McpServerUser.organization_id == organization_id, McpServerUser.email.in_(emails)
    )
    return {row.email: row.id for row in session.execute(query)}
