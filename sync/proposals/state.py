"""Where the proposal of a walkthrough stands: in step, proposed, merged, or closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from sync.git.pull_request import pull_request_link
from sync.layout import WALKTHROUGHS
from walkthroughs.enums import ProposalState
from walkthroughs.errors import WalkthroughNotFound
from walkthroughs.models import ContentSource, Proposal, Walkthrough


class ProposalStep(StrEnum):
    """How far the proposal of a walkthrough is."""

    IN_STEP = "in_step"  # what is live is what Git says, and nothing is proposed
    PROPOSED = "proposed"
    MERGED = "merged"  # and not live yet
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ProposalStatus:
    """Where the proposal of a walkthrough stands.

    Attributes:
        step: how far it is.
        sentence: the same for people.
        proposal: the last one; none if there was none.
        link: where its host opens a pull request for it; none if that is not known, or it is not
            open.
    """

    step: ProposalStep
    sentence: str
    proposal: Proposal | None = None
    link: str | None = None


def proposal_status(session: Session, organization_id: str, walkthrough_id: str) -> ProposalStatus:
    """Return where the last proposal of a walkthrough stands.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
    """
    walkthrough = session.scalar(
        select(Walkthrough).where(
            Walkthrough.organization_id == organization_id, Walkthrough.id == walkthrough_id
        )
    )
    if walkthrough is None:
        raise WalkthroughNotFound(walkthrough_id)
    row = last_proposal(session, organization_id, walkthrough_id)
    in_step = ProposalStatus(ProposalStep.IN_STEP, "In step with Git", row)
    if row is None or row.source_id != walkthrough.source_id:
        return in_step
    if row.state is ProposalState.OPEN:
        link = link_of(row.source, row, walkthrough.title)
        return ProposalStatus(ProposalStep.PROPOSED, f"Proposed: {row.branch}", row, link)
    if row.state is ProposalState.CLOSED:
        if row.updated_at < walkthrough.updated_at:
            return in_step
        return ProposalStatus(ProposalStep.CLOSED, "Closed: its branch is gone, unmerged", row)
    waits = _what_a_merged_one_waits_for(row, row.source, walkthrough)
    return ProposalStatus(ProposalStep.MERGED, waits, row) if waits else in_step


def last_proposal(session: Session, organization_id: str, walkthrough_id: str) -> Proposal | None:
    """Return the last proposal of a walkthrough; if one is open, it is that."""
    return session.scalar(
        select(Proposal)
        .where(
            Proposal.organization_id == organization_id, Proposal.walkthrough_id == walkthrough_id
        )
        .options(joinedload(Proposal.source))
        .order_by(Proposal.created_at.desc(), Proposal.id)
        .limit(1)
    )


def list_proposals(
    session: Session, *, organization_id: str | None = None, source_id: str | None = None
) -> Sequence[Proposal]:
    """Return proposals, the newest first: of one organization, of one source, or all."""
    loaded = (joinedload(Proposal.source), joinedload(Proposal.walkthrough))
    query = select(Proposal).options(*loaded).order_by(Proposal.created_at.desc(), Proposal.id)
    if organization_id is not None:
        query = query.where(Proposal.organization_id == organization_id)
    if source_id is not None:
        query = query.where(Proposal.source_id == source_id)
    return session.scalars(query).all()


def link_of(source: ContentSource, row: Proposal, title: str, text: str = "") -> str | None:
    """Return where the host opens a pull request for a proposal; none if that is not known."""
    kind = source.host_kind.value if source.host_kind else None
    name = f'Change "{title}"'
    return pull_request_link(source.url, source.branch, row.branch, name, text, kind)


def _what_a_merged_one_waits_for(
    row: Proposal, source: ContentSource, walkthrough: Walkthrough
) -> str | None:
    """Return what keeps a merged proposal from being live; none if nothing does. Pure."""
    folder = f"{WALKTHROUGHS}/{walkthrough.folder}/"
    if source.newest_commit == source.synced_commit or row.updated_at < (source.synced_at or 0):
        is_live = walkthrough.digest == row.digest or walkthrough.updated_at >= row.updated_at
        if is_live or not any(each.path.startswith(folder) for each in source.problems):
            return None
        return "Merged, but a mistake in its files keeps it from going live"
    if source.awaiting_approval is not None:
        return "Merged, applies when the plan is approved"
    if source.held_at is not None:
        return "Merged, applies when the source is resumed"
    return "Merged, applies next"
