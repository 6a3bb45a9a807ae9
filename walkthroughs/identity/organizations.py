"""Organizations, by the slug that operators type."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.errors import NotFound
from walkthroughs.models import Organization


def organization_id(session: Session, slug: str, *, lock: bool = False) -> str:
    """Return the id of the organization with this slug.

    Args:
        session: of a transaction.
        slug: what the operator typed.
        lock: whether others who ask for the lock wait until the end of the transaction.

    Raises:
        NotFound: there is none.
    """
    query = select(Organization.id).where(Organization.slug == slug)
    found: str | None = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound(f'There is no organization "{slug}".')
    return found
