"""How far an organization is on its way to the first learner."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from walkthroughs.models import McpServerWalkthrough, Walkthrough, WalkthroughProgress


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """Which of the three steps are done: write, publish to a server, connect an assistant."""

    written: bool
    published: bool
    connected: bool

    @property
    def are_done(self) -> bool:
        """Return whether nothing is left to be shown the way to."""
        return self.written and self.published and self.connected


def read_first_steps(session: Session, organization_id: str) -> FirstSteps:
    """Return how far it is, by one statement."""
    own = Walkthrough.organization_id == organization_id, Walkthrough.archived_at.is_(None)
    offered = and_(
        McpServerWalkthrough.organization_id == organization_id,
        McpServerWalkthrough.walkthrough_id == Walkthrough.id,
        McpServerWalkthrough.is_enabled,
        Walkthrough.is_published,
        *own,
    )
    row = session.execute(
        select(
            exists().where(*own),
            exists().where(offered),
            exists().where(WalkthroughProgress.organization_id == organization_id),
        )
    ).one()
    return FirstSteps(*row)
