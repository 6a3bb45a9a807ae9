"""Show what a commit, or a new source, would change, with the words. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from sync import history
from sync.git.copies import copy_of
from sync.git.credentials import Credential
from sync.git.errors import CommitUnknown
from sync.git.probe import open_trial
from sync.planning.learner_counts import count_by_step
from sync.planning.plan import Archive, ChangeKind, Create, Plan, Update
from sync.queue import claim
from sync.runs import SyncRequest
from sync.source_repository import open_repository_of
from sync.staging import Staging, open_staging
from sync.sync_source import plan_commit, read_commit
from walkthroughs.content.comparison import Comparison, compare_contents
from walkthroughs.content.word_diff import Budget
from walkthroughs.database.pool import Database
from walkthroughs.errors import HandrailError
from walkthroughs.models import ContentSource
from walkthroughs.publishing.versions import read_version
from walkthroughs.settings import Settings

#: How many changed walkthroughs are compared word by word.
_COMPARED = 10


@dataclass(frozen=True, slots=True)
class PreviewedChange:
    """What a plan does to one walkthrough.

    Attributes:
        version: the live one; none if it is new.
        learners: how many are in the middle of it.
        comparison: of the texts, for the first changes that have new ones.
    """

    id: str
    title: str
    kind: ChangeKind
    summary: str
    walkthrough_id: str | None = None
    version: int | None = None
    learners: int = 0
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """The plan of a commit, who wrote the commit, and what each change is."""

    plan: Plan
    commit: str
    author: str
    subject: str
    changes: tuple[PreviewedChange, ...]


class SourceBusy(HandrailError):
    """A run of the source is under way."""


def preview_commit(
    database: Database,
    settings: Settings,
    source: ContentSource,
    commit: str,
    *,
    is_rollback: bool = False,
) -> Preview:
    """Return what the source's *commit* would change. Does not ask the repository's host.

    Raises:
        SourceBusy: a run is under way, and would be waited for.
        CommitUnknown: the commit is not on this machine.
        RepositoryUnavailable: it cannot be read.
    """
    if not (copy_of(settings.data_dir, source.id) / "HEAD").exists():
        raise CommitUnknown("This machine has no copy of the repository yet.")
    with claim(database, source.id, wait=False) as claimed:
        if claimed is None:
            raise SourceBusy("A run is under way. Reload in a moment.")
        current = history.read(database, source.id)
        with open_repository_of(settings, current) as repository, open_staging() as staging:
            name = repository.commit(commit)
            request = SyncRequest(rollback_to=name if is_rollback else None)
            parsed, _ = read_commit(database, current, repository, staging, name, request)
            plan = plan_commit(database, current, repository, parsed, name, request)
            with database.transaction() as session:
                changes = tuple(_changes(session, current, plan, staging))
            return Preview(plan, name, repository.author(name), repository.subject(name), changes)


def preview_new_source(
    database: Database, settings: Settings, source: ContentSource, credential: Credential | None
) -> Preview:
    """Return what would come in from *source*, which is in no session and is not stored.

    Fetches the branch, and removes it again. The database is asked afterwards.

    Raises:
        RepositoryUnavailable: it cannot be read.
        HandrailError: the credential does not fit the address.
    """
    trial = open_trial(settings, source.url, source.branch, credential)
    with trial as (repository, commit), open_staging() as staging:
        request = SyncRequest()
        parsed, _ = read_commit(database, source, repository, staging, commit, request)
        plan = plan_commit(database, source, repository, parsed, commit, request)
        with database.transaction() as session:
            changes = tuple(_changes(session, source, plan, staging))
        author, subject = repository.author(commit), repository.subject(commit)
        return Preview(plan, commit, author, subject, changes)


def _changes(
    session: Session, source: ContentSource, plan: Plan, staging: Staging
) -> Iterator[PreviewedChange]:
    places = count_by_step(session, source.organization_id, plan.changes)
    budget, left = Budget(), _COMPARED
    for change in plan.changes:
        if isinstance(change, Create):
            outline = change.wanted.outline
            steps = f"{len(outline.steps)} step{'' if len(outline.steps) == 1 else 's'}"
            yield PreviewedChange(outline.id, outline.title, change.kind, steps)
            continue
        live, comparison = change.live, None
        if isinstance(change, Update) and change.level is not None and left:
            left -= 1
            comparison = _compared(session, source, change, staging, budget)
        yield PreviewedChange(
            live.outline.id,
            live.outline.title,
            change.kind,
            _summary(change),
            live.walkthrough_id,
            live.version,
            sum(places.get(live.walkthrough_id, {}).values()),
            comparison,
        )


def _compared(
    session: Session, source: ContentSource, change: Update, staging: Staging, budget: Budget
) -> Comparison:
    live = change.live
    old = read_version(session, source.organization_id, live.walkthrough_id, live.version)
    return compare_contents(old, staging.read(change.wanted.staged_at).content, budget)


def _summary(change: Update | Archive) -> str:
    if isinstance(change, Archive):
        return "leaves the repository; progress is kept"
    if change.level is not None:
        return change.summary
    if change.kind is ChangeKind.ASSIGN:
        return f"to {', '.join(change.new_servers)}"
    return "published" if change.wanted.is_published else "draft"
