"""Keep a run whose claim has ended from writing over the run that came after it.

A claim ends with its connection: by a failover, an idle time-out, a cut line. The run
that held it does not notice. So each run takes a number that only grows, and each of its
writing transactions checks that no later run has taken one.

The number is part of a unique key, so that PostgreSQL's weakest lock (FOR KEY SHARE) keeps
it as it is, while a webhook and the dashboard may change other columns of the row.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from walkthroughs.database.pool import Database
from walkthroughs.errors import HandrailError
from walkthroughs.models import ContentSource


class ClaimLost(HandrailError):
    """A later run has taken over the source. This one writes nothing more."""

    def __init__(self, source: str) -> None:
        super().__init__(
            f'Another run has taken over the content source "{source}" meanwhile, so this one '
            "stopped. Nothing is lost: look at it with flask sync status."
        )


@dataclass(frozen=True, slots=True)
class Fence:
    """The number of one run of a source."""

    organization_id: str
    source_id: str
    number: int

    def check(self, session: Session) -> None:
        """Let no later run begin until the transaction ends.

        Raises:
            ClaimLost: one has begun.
        """
        row = session.execute(
            select(ContentSource.name, ContentSource.run_number)
            .where(
                ContentSource.organization_id == self.organization_id,
                ContentSource.id == self.source_id,
            )
            .with_for_update(read=True, key_share=True)
        ).one()
        if row.run_number != self.number:
            raise ClaimLost(row.name)


def take_fence(database: Database, source: ContentSource) -> Fence:
    """Return the number of a run that begins; all earlier ones may write no more."""
    with database.transaction() as session:
        number = session.scalar(
            update(ContentSource)
            .where(
                ContentSource.organization_id == source.organization_id,
                ContentSource.id == source.id,
            )
            .values(run_number=ContentSource.run_number + 1)
            .returning(ContentSource.run_number)
        )
    return Fence(source.organization_id, source.id, int(number or 0))
