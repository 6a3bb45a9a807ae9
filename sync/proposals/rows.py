"""What the database holds of a proposal: its row, its pictures, and that it was pushed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from sync.proposals.state import last_proposal
from walkthroughs.audit.record import Actor, Event, act_as, record
from walkthroughs.content.draft import Draft
from walkthroughs.content.pictures import Picture, pictures_named
from walkthroughs.content.values import WalkthroughContent
from walkthroughs.enums import ProposalState
from walkthroughs.errors import WalkthroughNotFound
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource, Proposal, Walkthrough
from walkthroughs.publishing.pictures import read_pictures
from walkthroughs.publishing.proposal_drafts import mark_proposed
from walkthroughs.publishing.read import read_content


def read_walkthrough_row(session: Session, organization_id: str, row_id: str) -> Walkthrough:
    """Return the row of a walkthrough.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
    """
    query = select(Walkthrough).where(
        Walkthrough.organization_id == organization_id, Walkthrough.id == row_id
    )
    row: Walkthrough | None = session.scalar(query)
    if row is None:
        raise WalkthroughNotFound(row_id)
    return row


def end_at_other_source(
    session: Session, walkthrough: Walkthrough, source: ContentSource
) -> Proposal | None:
    """Return the last proposal to *source*; one that is open at another source ends here."""
    last = last_proposal(session, walkthrough.organization_id, walkthrough.id)
    if last is None or last.source_id == source.id:
        return last
    if last.state is ProposalState.OPEN:
        last.state, last.updated_at = ProposalState.CLOSED, now_ms()
        session.flush()
    return None


def record_pushed(
    session: Session,
    walkthrough: Walkthrough,
    source: ContentSource,
    commit: str,
    *,
    branch: str,
    author: str,
    digest: str,
    actor: Actor,
    draft: Draft | None,
) -> Proposal:
    """Record that *commit* was pushed to *branch* by *actor*; return the proposal's row.

    *draft* is what was proposed, if it was written as one.
    """
    act_as(session, actor)
    owner = walkthrough.organization_id
    row = end_at_other_source(session, walkthrough, source)
    if row is None or row.state is not ProposalState.OPEN:
        row = Proposal(
            organization_id=owner,
            walkthrough_id=walkthrough.id,
            source_id=source.id,
            branch=branch,
            base_commit=source.synced_commit,
            state=ProposalState.OPEN,
        )
        session.add(row)
    row.git_commit, row.author, row.digest = commit, author, digest
    row.updated_at = now_ms()
    session.flush()
    session.refresh(row)
    pushed = {"source": source.name, "branch": branch, "commit": commit[:10]}
    record(
        session,
        Event(owner, "walkthrough.propose", walkthrough.id, walkthrough.title, None, pushed),
    )
    if draft is not None:
        mark_proposed(session, owner, walkthrough.id, draft)
    return row


def new_pictures(
    session: Session, walkthrough: Walkthrough, content: WalkthroughContent
) -> Sequence[Picture]:
    """Return the stored pictures that *content* names, and that what is live does not."""
    owner = walkthrough.organization_id
    live = _pictures_of(read_content(session, owner, walkthrough.id))
    return read_pictures(session, owner, walkthrough.id, _pictures_of(content) - live)


def _pictures_of(content: WalkthroughContent) -> frozenset[str]:
    return pictures_named(
        text
        for step in content.steps
        for text in (step.content, step.agent_instructions, step.verify)
    )
