"""Propose a change of a walkthrough to the repository that owns it: one branch each, never forced.

The change is written into the author's files, committed on the branch, and pushed with the
source's credential. A later proposal goes on top. What others have pushed there stays.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from sync import history
from sync.git.credentials import Credential, Token, decrypt_credential
from sync.git.errors import BranchMoved, MayNotPush, PushFailed
from sync.git.proposal_branch import Commit, Person, ProposalBranch
from sync.git.push_rights import missing_right
from sync.git.repository import Repository
from sync.proposal_plan import NotProposed, Plan, Wanted, choose_start, plan_proposal
from sync.proposal_state import (
    ProposalStep,
    follow,
    last_proposal,
    link_of,
    proposal_status,
    read_open,
)
from sync.queue import claim
from sync.source_repository import open_repository_of
from walkthroughs.content.pictures import Picture, pictures_named
from walkthroughs.content.values import WalkthroughContent
from walkthroughs.database.pool import Database
from walkthroughs.enums import ProposalState
from walkthroughs.errors import WalkthroughNotFound
from walkthroughs.identity.mail import sender_address
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource, Proposal, Walkthrough
from walkthroughs.publishing.pictures import read_pictures
from walkthroughs.publishing.read import read_content
from walkthroughs.settings import Settings

#: How long a proposal waits for a run of its source that is under way.
_WAIT_SECONDS = 10.0
_TICK_SECONDS = 0.25
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
    with _opened(database, settings, organization_id, walkthrough_id) as at:
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
    with _opened(database, settings, organization_id, walkthrough_id) as at:
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


class _Opened:
    """A walkthrough, with its repository at hand and its source claimed."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        source: ContentSource,
        walkthrough: Walkthrough,
        repository: Repository,
    ) -> None:
        self._database, self._settings = database, settings
        self.source, self._walkthrough, self.repository = source, walkthrough, repository
        self._credential = decrypt_credential(settings.secret_keys, source.credential)
        self.name = f"handrail/{walkthrough.id}"
        self.branch = ProposalBranch(
            repository.git, repository.url, self.name, _secrets(self._credential)
        )

    def plan(self, content: WalkthroughContent, pictures: Sequence[Picture]) -> Plan:
        """Fetch what is new of both branches, and return what to commit."""
        tip = self._fetch()
        owner, row_id = self._walkthrough.organization_id, self._walkthrough.id
        with self._database.transaction() as session:
            status = proposal_status(session, owner, row_id)
            if status.step is ProposalStep.MERGED:
                raise NotProposed(
                    f"The last proposal is not live yet ({status.sentence}). Propose again then."
                )
            last = self._last(session)
            stored = _new_pictures(session, self._walkthrough, content)
        is_open = last is not None and last.state is ProposalState.OPEN
        live = self.repository.commit(self.source.synced_commit or "")
        start = choose_start(
            self.repository,
            self.branch,
            live,
            tip,
            last.git_commit if last is not None and is_open else None,
            was_merged=last is not None and last.state is ProposalState.MERGED,
        )
        wanted = Wanted(
            self._walkthrough.external_id,
            self._walkthrough.folder or "",
            content,
            [*stored, *pictures],
        )
        return plan_proposal(self.repository, self.source, wanted, start)

    def _fetch(self) -> str | None:
        """Fetch both branches, follow what is proposed, and return where the branch is."""
        rows = read_open(self._database, self.source)
        heads = self.repository.heads({self.name, *(row.branch for row in rows)})
        self.repository.fetch_if_missing(heads[self.source.branch])
        follow(self._database, self.repository, rows, heads, self.source.branch)
        tip = heads.get(self.name)
        if tip is not None:
            self.branch.fetch(tip)
        return tip

    def commit(self, plan: Plan, author: Person, note: str, *, parents: int = 2) -> str:
        """Make the commit of a plan in the copy, with as many of its *parents*."""
        message = note.strip() or f'Change "{self._walkthrough.title}"'
        return self.branch.commit(
            Commit(
                parents=plan.start.parents[:parents],
                changes=plan.changes,
                message=f"{message}\n",
                author=author,
                committer=Person("Handrail", sender_address(self._settings)),
                at=int(time.time()),
            )
        )

    def refusal(self, error: PushFailed, plan: Plan, author: Person, note: str) -> NotProposed:
        """Return the error that tells a member why a push failed, with the change as a patch."""
        kind = self.source.host_kind.value if self.source.host_kind else None
        if isinstance(error, MayNotPush):
            right = missing_right(self.source.url, kind, self._credential)
            message = f"{right} The host said: {error}"
        else:
            message = f'The host takes no push to "{self.name}". It said: {error}'
        alone = self.commit(plan, author, note, parents=1)
        return NotProposed(message, self.branch.patch(alone))

    def _last(self, session: Session) -> Proposal | None:
        """Return the last proposal to this source; one that is open at another one ends here."""
        last = last_proposal(session, self._walkthrough.organization_id, self._walkthrough.id)
        if last is None or last.source_id == self.source.id:
            return last
        if last.state is ProposalState.OPEN:
            last.state, last.updated_at = ProposalState.CLOSED, now_ms()
            session.flush()
        return None

    def record(
        self, plan: Plan, commit: str, author: Person, content: WalkthroughContent
    ) -> Proposal:
        """Record that *commit* was pushed, and return the proposal's row."""
        walkthrough = self._walkthrough
        with self._database.transaction() as session:
            row = self._last(session)
            if row is None or row.state is not ProposalState.OPEN:
                row = Proposal(
                    organization_id=walkthrough.organization_id,
                    walkthrough_id=walkthrough.id,
                    source_id=self.source.id,
                    branch=self.name,
                    base_commit=self.source.synced_commit,
                    state=ProposalState.OPEN,
                )
                session.add(row)
            row.git_commit, row.author, row.digest = commit, str(author), content.digest()
            row.updated_at = now_ms()
            session.flush()
            session.refresh(row)
        return row


@contextmanager
def _opened(
    database: Database, settings: Settings, organization_id: str, walkthrough_id: str
) -> Iterator[_Opened]:
    """Yield the walkthrough; nobody else works on its repository while the block runs.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        NotProposed: no repository owns it, or a run of its source takes too long.
        RepositoryUnavailable: the source's address or credential cannot be used.
    """
    with database.transaction() as session:
        walkthrough = session.scalar(
            select(Walkthrough).where(
                Walkthrough.organization_id == organization_id, Walkthrough.id == walkthrough_id
            )
        )
    if walkthrough is None:
        raise WalkthroughNotFound(walkthrough_id)
    if walkthrough.source_id is None or walkthrough.archived_at is not None:
        raise NotProposed(
            f'"{walkthrough.title}" is archived, or no repository owns it: there is nothing to '
            "propose a change to."
        )
    with _claimed(database, walkthrough.source_id):
        source = history.read(database, walkthrough.source_id)
        if source.synced_commit is None:
            raise NotProposed(f'"{source.name}" was not synced yet. Sync it first.')
        with open_repository_of(settings, source) as repository:
            yield _Opened(database, settings, source, walkthrough, repository)


@contextmanager
def _claimed(database: Database, source_id: str) -> Iterator[None]:
    """Claim the source while the block runs: two may not fetch into one copy.

    Raises:
        NotProposed: a run of it takes too long.
    """
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        with claim(database, source_id, wait=False) as source:
            if source is not None:
                yield
                return
        if time.monotonic() > until:
            raise NotProposed("The content source is being synced just now. Try again in a while.")
        time.sleep(_TICK_SECONDS)


def _new_pictures(
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


def _secrets(credential: Credential | None) -> tuple[str, ...]:
    """Return what a host could repeat of a credential in its answers."""
    if not isinstance(credential, Token):
        return ()
    pair = f"{credential.user}:{credential.token}"
    return (base64.b64encode(pair.encode()).decode(), credential.token)
