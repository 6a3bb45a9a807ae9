"""Learners, as operators speak of them."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from walkthroughs.errors import NotFound
from walkthroughs.models import McpServerUser


def erase(session: Session, organization_id: str, email: str) -> None:
    """Delete a learner with their links, progress and attempts. It cannot be undone.

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
    if not deleted:
        raise NotFound(f'The organization has no learner "{email}".')
