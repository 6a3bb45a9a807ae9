"""Learners, as operators speak of them."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from walkthroughs.errors import NotFound
from walkthroughs.models import McpServerUser, Organization


def erase(session: Session, organization: str, email: str) -> None:
    """Delete a learner with their links, progress and attempts. It cannot be undone.

    Raises:
        NotFound: the organization has no such learner.
    """
    of_organization = select(Organization.id).where(Organization.slug == organization)
    deleted = session.scalars(
        delete(McpServerUser)
        .where(
            McpServerUser.organization_id.in_(of_organization),
            McpServerUser.email == email.strip().lower(),
        )
        .returning(McpServerUser.id)
        .execution_options(synchronize_session=False)
    ).all()
    if not deleted:
        raise NotFound(f'"{email}" is no learner of {organization}.')
