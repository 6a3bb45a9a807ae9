"""Drafts whose proposal was merged and is live: they are put aside, since Git says it now."""

from __future__ import annotations

from sqlalchemy import select

from sync.proposals.state import ProposalStep, proposal_status
from walkthroughs.database.pool import Database
from walkthroughs.enums import ProposalState
from walkthroughs.models import ContentSource, Walkthrough, WalkthroughDraft
from walkthroughs.publishing import proposal_drafts


def conclude_drafts(database: Database, source: ContentSource) -> None:
    """Put aside the drafts of the source's walkthroughs that are live by now."""
    owner = source.organization_id
    with database.transaction() as session:
        rows = session.scalars(
            select(Walkthrough.id)
            .join(WalkthroughDraft, WalkthroughDraft.walkthrough_id == Walkthrough.id)
            .where(
                Walkthrough.organization_id == owner,
                Walkthrough.source_id == source.id,
                WalkthroughDraft.organization_id == owner,
                WalkthroughDraft.proposed.is_not(None),
            )
        ).all()
    for walkthrough_id in rows:
        with database.transaction() as session:
            status = proposal_status(session, owner, walkthrough_id)
            last = status.proposal
            is_merged = last is not None and last.state is ProposalState.MERGED
            if status.step is ProposalStep.IN_STEP and is_merged:
                proposal_drafts.conclude(session, owner, walkthrough_id)
