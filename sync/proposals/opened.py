"""A walkthrough that a change is proposed of, with its repository at hand."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from sync import history
from sync.git.credentials import Credential, Token, decrypt_credential
from sync.git.errors import MayNotPush, PushFailed
from sync.git.proposal_branch import Commit, Person, ProposalBranch
from sync.git.push_rights import missing_right
from sync.git.repository import Repository
from sync.proposals.drafts import conclude_drafts
from sync.proposals.errors import NotProposed
from sync.proposals.outcome import follow, read_open
from sync.proposals.rows import (
    end_at_other_source,
    new_pictures,
    read_walkthrough_row,
    record_pushed,
)
from sync.proposals.state import ProposalStep, last_proposal, proposal_status
from sync.proposals.turn import claimed, stopped_after
from sync.source_repository import open_repository_of
from walkthroughs.audit.record import COMMAND_LINE, Actor
from walkthroughs.content.draft import Draft
from walkthroughs.content.pictures import Picture
from walkthroughs.content.values import WalkthroughContent
from walkthroughs.database.pool import Database
from walkthroughs.enums import ProposalState
from walkthroughs.identity.mail import sender_address
from walkthroughs.models import ContentSource, Proposal, Walkthrough
from walkthroughs.settings import Settings


@dataclass(frozen=True, slots=True)
class Change:
    """What a walkthrough is to say.

    Attributes:
        organization_id: whose walkthrough.
        walkthrough_id: which; a content source owns it.
        content: what it is to say. Records of moved steps are added to those that are there.
        pictures: that *content* names, and that are stored neither with the walkthrough nor in
            the repository.
        draft: what it was written as, if it was.
        actor: who the audit says proposes it.
        over: the commit of somebody else on the branch that it is to go on top of, though both
            have changed the same files.
    """

    organization_id: str
    walkthrough_id: str
    content: WalkthroughContent
    pictures: Sequence[Picture] = ()
    draft: Draft | None = None
    actor: Actor = COMMAND_LINE
    over: str | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """Where things stand, with everything fetched.

    Attributes:
        live: the commit that is live.
        tip: where the branch of the proposal is; none if it is not there.
        pushed: our last commit of an open proposal; none if none is open.
        was_merged: whether the last proposal was merged, and none is open.
        author_id: the walkthrough's id in its repository.
        folder: where it is live.
        pictures: those that the repository may not have yet.
    """

    live: str
    tip: str | None
    pushed: str | None
    was_merged: bool
    author_id: str
    folder: str
    pictures: Sequence[Picture]


class OpenedProposal:
    """A change, with the repository at hand and its source claimed.

    Attributes:
        source: that owns the walkthrough.
        repository: of that source.
        name: of the branch.
        branch: to push to.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        source: ContentSource,
        walkthrough: Walkthrough,
        repository: Repository,
        change: Change,
    ) -> None:
        self._database, self._settings, self._change = database, settings, change
        self.source, self._walkthrough, self.repository = source, walkthrough, repository
        self._credential = decrypt_credential(settings.secret_keys, source.credential)
        self.name = f"handrail/{walkthrough.id}"
        self.branch = ProposalBranch(
            repository.git, repository.url, self.name, _secrets(self._credential)
        )
        self._tip: str | None = None

    def look(self) -> Look:
        """Fetch what is new of both branches, and return what a plan is made of."""
        self.repository.remove_leftovers()
        tip = self._fetch()
        with self._database.transaction() as session:
            last = self._last(session)
            stored = new_pictures(session, self._walkthrough, self._change.content)
        state = last.state if last is not None else None
        return Look(
            live=self.repository.commit(self.source.synced_commit or ""),
            tip=tip,
            pushed=last.git_commit if last is not None and state is ProposalState.OPEN else None,
            was_merged=state is ProposalState.MERGED,
            author_id=self._walkthrough.external_id,
            folder=self._walkthrough.folder or "",
            pictures=[*stored, *self._change.pictures],
        )

    def _last(self, session: Session) -> Proposal | None:
        """Return the last proposal to this source.

        Raises:
            NotProposed: it was merged, and is not live yet.
        """
        owner, row_id = self._walkthrough.organization_id, self._walkthrough.id
        status = proposal_status(session, owner, row_id)
        if status.step is ProposalStep.MERGED:
            raise NotProposed(
                f"The last proposal is not live yet ({status.sentence}). Propose again then."
            )
        return end_at_other_source(session, self._walkthrough, self.source)

    def _fetch(self) -> str | None:
        """Fetch both branches, follow what is proposed, and return where the branch is."""
        rows = read_open(self._database, self.source)
        heads = self.repository.heads({self.name, *(row.branch for row in rows)})
        self.repository.fetch_if_missing(heads[self.source.branch])
        follow(self._database, self.repository, rows, heads, self.source.branch)
        if rows:
            conclude_drafts(self._database, self.source)
        tip = self._tip = heads.get(self.name)
        if tip is not None:
            self.branch.fetch(tip)
        return tip

    def commit(
        self,
        parents: Sequence[str],
        changes: Mapping[str, bytes | None],
        author: Person,
        note: str,
    ) -> str:
        """Make a commit with the *changes* of its first parent, in the copy; return its id."""
        message = note.strip() or f'Change "{self._walkthrough.title}"'
        return self.branch.commit(
            Commit(
                parents=parents,
                changes=changes,
                message=f"{message}\n",
                author=author,
                committer=Person("Handrail", sender_address(self._settings)),
                at=int(time.time()),
            )
        )

    def refusal(self, error: PushFailed, patch: bytes) -> NotProposed:
        """Return the error that tells a member why a push failed, with the change as a patch."""
        kind = self.source.host_kind.value if self.source.host_kind else None
        if isinstance(error, MayNotPush):
            right = missing_right(self.source.url, kind, self._credential)
            message = f"{right} The host said: {error}"
        else:
            message = f'The host takes no push to "{self.name}". It said: {error}'
        return NotProposed(message, patch)

    def record(self, commit: str, author: str) -> Proposal:
        """Record that *commit* was pushed, in the audit too, and return the proposal's row."""
        change = self._change
        with self._database.transaction() as session:
            return record_pushed(
                session, self._walkthrough, self.source, commit,
                branch=self.name, author=author, digest=change.content.digest(),
                actor=change.actor, draft=change.draft,
            )  # fmt: skip

    def record_lost_push(self) -> None:
        """Record the change if the branch says it by a commit of ours whose push was cut short."""
        tip = self._tip
        if tip is not None and tip == self.branch.last_made():
            with self._database.transaction() as session:
                last = last_proposal(session, self.source.organization_id, self._walkthrough.id)
            if last is None or last.git_commit != tip:
                self.record(tip, self.repository.author(tip))


@contextmanager
def opened_proposal(
    database: Database, settings: Settings, change: Change, seconds: float | None = None
) -> Iterator[OpenedProposal]:
    """Yield the change; nobody else works on its repository while the block runs.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        NotProposed: no repository owns it, or this takes longer than *seconds*, or a run of its
            source too long.
        RepositoryUnavailable: the source's address or credential cannot be used.
    """
    with database.transaction() as session:
        walkthrough = read_walkthrough_row(session, change.organization_id, change.walkthrough_id)
    if walkthrough.source_id is None or walkthrough.archived_at is not None:
        raise NotProposed(
            f'"{walkthrough.title}" is archived, or no repository owns it: there is nothing to '
            "propose a change to."
        )
    with stopped_after(seconds) as stop, claimed(database, walkthrough.source_id):
        source = history.read(database, walkthrough.source_id)
        if source.synced_commit is None:
            raise NotProposed(f'"{source.name}" was not synced yet. Sync it first.')
        with open_repository_of(settings, source, stop) as repository:
            yield OpenedProposal(database, settings, source, walkthrough, repository, change)


def _secrets(credential: Credential | None) -> tuple[str, ...]:
    """Return what a host could repeat of a credential in its answers."""
    if not isinstance(credential, Token):
        return ()
    pair = f"{credential.user}:{credential.token}"
    return (base64.b64encode(pair.encode()).decode(), credential.token)
