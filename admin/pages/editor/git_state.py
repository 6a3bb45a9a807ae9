"""Where a walkthrough that Git owns stands: its file, its newest commit, its proposal."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from admin.git_lock import GitLock, locked_by_git
from sync.layout import WALKTHROUGHS
from sync.proposals.state import ProposalStatus, ProposalStep, proposal_status
from walkthroughs.enums import ProposalState
from walkthroughs.models import ContentSource, Walkthrough
from walkthroughs.publishing.draft_rows import DraftRow
from walkthroughs.publishing.proposal_drafts import has_unproposed

_EDITING = "A proposal is being written. Nothing is pushed before you propose it."


@dataclass(frozen=True, slots=True)
class GitState:
    """What the banner above a walkthrough of Git says.

    Attributes:
        lock: the repository and the file.
        sentence: how far a change is.
        source_id: of the content source.
        commit: the newest one that is known of the source's branch; none before the first sync.
        link: where the host opens a pull request for what is proposed; none if that is not known.
        is_proposal: the text can be written, to propose it.
        has_unproposed: something is written that was not proposed.
        is_open: something is proposed, and neither merged nor closed.
        is_archived: nothing can be proposed.
    """

    lock: GitLock
    sentence: str
    source_id: str
    commit: str | None
    link: str | None
    is_proposal: bool
    has_unproposed: bool
    is_open: bool
    is_archived: bool

    @property
    def may_begin(self) -> bool:
        """Return whether an editor may begin to write a proposal."""
        return not (self.is_proposal or self.is_archived)


def git_state(session: Session, row: DraftRow) -> GitState | None:
    """Return where the walkthrough of a draft stands; none if no repository owns it."""
    walkthrough = row.walkthrough
    lock, source = locked_by_git(walkthrough), walkthrough.source
    if lock is None or source is None:
        return None
    status = proposal_status(session, walkthrough.organization_id, walkthrough.id)
    return GitState(
        lock,
        _sentence(row, status, source),
        source.id,
        source.newest_commit,
        status.link,
        row.is_proposal,
        has_unproposed(row),
        status.step is ProposalStep.PROPOSED,
        walkthrough.archived_at is not None,
    )


def _sentence(row: DraftRow, status: ProposalStatus, source: ContentSource) -> str:
    match status.step:
        case ProposalStep.PROPOSED:
            more = " What was written since is not proposed yet." if has_unproposed(row) else ""
            return f"{status.sentence}, open.{more}"
        case ProposalStep.MERGED:
            return f"{status.sentence}."
        case ProposalStep.CLOSED if not has_unproposed(row):
            return f"{status.sentence}."
    return _EDITING if row.is_proposal else _without_proposal(row.walkthrough, source, status)


def _without_proposal(
    walkthrough: Walkthrough, source: ContentSource, status: ProposalStatus
) -> str:
    folder = f"{WALKTHROUGHS}/{walkthrough.folder}/"
    if any(each.path.startswith(folder) for each in source.problems):
        return "Its newest files have a mistake, so an earlier version stays live."
    if source.newest_commit != source.synced_commit:
        return "The newest commit is not applied yet."
    last = status.proposal
    if last is not None and last.state is ProposalState.MERGED:
        return "In step with Git. The last proposal was merged, and is live."
    return "In step with Git."
