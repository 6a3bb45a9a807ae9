"""Propose a change of a walkthrough to the repository that owns it: one branch each, never forced.

The change is written into the author's files, committed on the branch, and pushed with the
source's credential. A later proposal goes on top. What others have pushed there stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from sync.format.file_diff import FileDiff, as_text
from sync.git.errors import BranchMoved, PushFailed
from sync.git.proposal_branch import Person
from sync.proposals.errors import NothingToPropose, NotProposed
from sync.proposals.opened import Change, OpenedProposal, opened_proposal
from sync.proposals.plan import Plan, Wanted, choose_start, plan_proposal
from sync.proposals.state import link_of
from walkthroughs.database.pool import Database
from walkthroughs.models import Proposal
from walkthroughs.settings import Settings

#: How often somebody else may push between our look at the branch and our push.
_MAX_TRIES = 3


@dataclass(frozen=True, slots=True)
class ProposalPreview:
    """What a proposal would push.

    Attributes:
        branch: where.
        appends: whether there is a proposal already, which this goes on top of.
        files: what it changes, file by file.
        fingerprint: stands for the changes; give it to `propose`.
    """

    branch: str
    appends: bool
    files: tuple[FileDiff, ...]
    fingerprint: str

    @property
    def diff(self) -> str:
        """Return what it changes as one unified diff."""
        return as_text(self.files)


@dataclass(frozen=True, slots=True)
class Proposed:
    """What was pushed.

    Attributes:
        proposal: its row.
        diff: what it changed, as a unified diff.
        link: where its host opens a pull request; none if the host's pages are not known.
    """

    proposal: Proposal
    diff: str
    link: str | None


def preview_proposal(
    database: Database, settings: Settings, change: Change, *, seconds: float | None = None
) -> ProposalPreview:
    """Return what proposing *change* would push. Pushes nothing, but asks the host.

    The arguments and errors are those of `propose`.
    """
    with opened_proposal(database, settings, change, seconds) as at:
        plan = _plan(at, change)
        return ProposalPreview(at.name, plan.start.appends, plan.files, plan.fingerprint)


def make_patch(
    database: Database,
    settings: Settings,
    change: Change,
    author: Person,
    *,
    note: str = "",
    seconds: float | None = None,
) -> bytes:
    """Return *change* as `git am` reads it. Pushes nothing.

    The arguments and errors are those of `propose`.
    """
    with opened_proposal(database, settings, change, seconds) as at:
        return _patch(at, _plan(at, change), author, note)


def propose(
    database: Database,
    settings: Settings,
    change: Change,
    author: Person,
    *,
    note: str = "",
    fingerprint: str | None = None,
    seconds: float | None = None,
) -> Proposed:
    """Push a branch on which a walkthrough says what *change* says, and record that; never force.

    Args:
        database: where. No connection of its pool is held while the host is asked.
        settings: of the installation.
        change: of which walkthrough, and what it is to say.
        author: who proposes; the commit names them.
        note: what for; its first line is the commit's.
        fingerprint: of the preview that was shown; if the changes are others by now, nothing is
            pushed.
        seconds: how long it may take in all; without, each command of git has its own limit.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        NotProposed: nothing was pushed, as far as we know. `NothingToPropose` and
            `ProposalConflict` say why; after a refusal of the host it has the change as a patch.
        NotRewritten: the files have a mistake, or the change has one.
        RepositoryUnavailable: the host does not answer.
    """
    with opened_proposal(database, settings, change, seconds) as at:
        for _ in range(_MAX_TRIES):
            plan = _plan(at, change)
            if fingerprint is not None and plan.fingerprint != fingerprint:
                raise NotProposed(
                    "What would be pushed is not what was shown any more. Look at it again."
                )
            commit = at.commit(plan.start.parents, plan.changes, author, note)
            try:
                at.branch.push(commit)
            except BranchMoved:
                continue
            except PushFailed as error:
                raise at.refusal(error, _patch(at, plan, author, note)) from error
            row = at.record(commit, str(author))
            link = link_of(at.source, row, change.content.title, note)
            return Proposed(row, as_text(plan.files), link)
        raise NotProposed(f'Others push to "{at.name}" all the time. Propose again in a while.')


def _plan(at: OpenedProposal, change: Change) -> Plan:
    """Fetch what is new, and return what to commit."""

    def plan() -> Plan:
        found = at.look()
        start = choose_start(
            at.repository,
            at.branch,
            found.live,
            found.tip,
            found.pushed,
            was_merged=found.was_merged,
            over=change.over,
        )
        wanted = Wanted(found.author_id, found.folder, change.content, found.pictures)
        return plan_proposal(at.repository, at.source, wanted, start)

    try:
        return at.repository.with_reclone(plan)
    except NothingToPropose:
        at.record_lost_push()
        raise


def _patch(at: OpenedProposal, plan: Plan, author: Person, note: str) -> bytes:
    """Return the change on its first parent alone: a patch has no other."""
    return at.branch.patch(at.commit(plan.start.parents[:1], plan.changes, author, note))
