"""Propose a change of a walkthrough to the repository that owns it: one branch each, never forced.

The change is written into the author's files, committed on the branch, and pushed with the
source's credential. A later proposal goes on top. What others have pushed there stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync.git.errors import BranchMoved, PushFailed
from sync.git.proposal_branch import Person
from sync.proposal_plan import NotProposed
from sync.proposal_state import link_of
from sync.proposed_walkthrough import open_walkthrough
from walkthroughs.content.pictures import Picture
from walkthroughs.content.values import WalkthroughContent
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
        diff: what it changes, as a unified diff.
        fingerprint: stands for the changes; give it to `propose`.
    """

    branch: str
    appends: bool
    diff: str
    fingerprint: str


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
    database: Database,
    settings: Settings,
    organization_id: str,
    walkthrough_id: str,
    content: WalkthroughContent,
    *,
    pictures: Sequence[Picture] = (),
) -> ProposalPreview:
    """Return what proposing *content* would push. Pushes nothing, but asks the host.

    The arguments and errors are those of `propose`.
    """
    with open_walkthrough(database, settings, organization_id, walkthrough_id) as at:
        plan = at.repository.with_reclone(lambda: at.plan(content, pictures))
        return ProposalPreview(at.name, plan.start.appends, plan.diff, plan.fingerprint)


def propose(
    database: Database,
    settings: Settings,
    organization_id: str,
    walkthrough_id: str,
    content: WalkthroughContent,
    author: Person,
    *,
    note: str = "",
    fingerprint: str | None = None,
    pictures: Sequence[Picture] = (),
) -> Proposed:
    """Push a branch on which a walkthrough says *content*, and record that. Never forces.

    Args:
        database: where.
        settings: of the installation.
        organization_id: whose walkthrough.
        walkthrough_id: which; a content source owns it.
        content: what it is to say. Records of moved steps are added to those that are there.
        author: who proposes; the commit names them.
        note: what for; its first line is the commit's.
        fingerprint: of the preview that was shown; if the changes are others by now, nothing is
            pushed.
        pictures: that *content* names, and that are stored neither with the walkthrough nor in
            the repository.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        NotProposed: nothing was pushed. `NothingToPropose` and `ProposalConflict` say why; after a
            refusal of the host it has the change as a patch.
        NotRewritten: the files have a mistake, or *content* has one.
        RepositoryUnavailable: the host does not answer.
    """
    with open_walkthrough(database, settings, organization_id, walkthrough_id) as at:
        for _ in range(_MAX_TRIES):
            plan = at.repository.with_reclone(lambda: at.plan(content, pictures))
            if fingerprint is not None and plan.fingerprint != fingerprint:
                raise NotProposed(
                    "What would be pushed is not what was shown any more. Look at it again."
                )
            commit = at.commit(plan, author, note)
            try:
                at.branch.push(commit)
            except BranchMoved:
                continue
            except PushFailed as error:
                raise at.refusal(error, plan, author, note) from error
            row = at.record(plan, commit, author, content)
            return Proposed(row, plan.diff, link_of(at.source, row, content.title, note))
        raise NotProposed(f'Others push to "{at.name}" all the time. Propose again in a while.')
