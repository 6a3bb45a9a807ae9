"""One run of a content source: read a commit, plan, and carry the plan out or ask first.

Level, not edge: each run compares the commit with the database, so a run that
was cut short is simply done again. The source's mark moves last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sync import commit_status, records
from sync.apply import Writer
from sync.credentials import unsealed
from sync.git_command import RepositoryUnavailable
from sync.judgement import judge
from sync.parse import parse_folders
from sync.parsed import Parsed
from sync.plan import Change, fingerprint
from sync.published import Known, read_known
from sync.queue import claimed
from sync.repository import Repository, opened
from sync.spool import Spool, spooled
from walkthroughs.columns import Origin
from walkthroughs.db import Database
from walkthroughs.errors import HandrailError, Problem
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource, OnRewrite, Outcome
from walkthroughs.settings import Settings


class NotConfirmed(HandrailError):
    """A confirmation was given for a plan that is not this one."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to do with a source, and on whose behalf.

    Attributes:
        trigger: poll, webhook, dashboard or command.
        actor: who gave a command; for a commit, its author is noted.
        confirmed: the fingerprint of the plan that somebody has agreed to.
        to: an older commit to go back to.
        reread: read every folder, known or not.
    """

    trigger: str = "command"
    actor: str | None = None
    confirmed: str | None = None
    to: str | None = None
    reread: bool = False

    @property
    def is_watched(self) -> bool:
        """Return whether a person reads the answer, who wants to know what it means for learners.

        It takes a look at every learner of what changes, which an unwatched run must not need.
        """
        return self.trigger == "command"


@dataclass(frozen=True, slots=True)
class Run:
    """What a run saw and did. No changes and no problems: in sync.

    Attributes:
        reasons: why the plan waits for a confirmation of `fingerprint`; none if it need not.
        effects: what it means for learners on the way.
        outcome: none if it was only a plan, or nothing is applied because the source is held.
        to: the older commit that a rollback goes to.
    """

    commit: str
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    fingerprint: str
    reasons: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    outcome: Outcome | None = None
    to: str | None = None


def plan_source(database: Database, settings: Settings, source_id: str) -> Run:
    """Say what the newest commit would change. Writes nothing; waits for a run under way.

    Raises:
        RepositoryUnavailable: the repository cannot be read.
    """
    with claimed(database, source_id, wait=True):  # two may not fetch into one copy
        source = records.read(database, source_id)
        with repository_of(settings, source) as repository, spooled() as spool:
            commit = repository.fetch()
            run, _ = _planned(database, source, repository, spool, commit, Order())
            return run


def sync_source(
    database: Database, settings: Settings, source_id: str, order: Order | None = None
) -> Run:
    """Make the database equal to the source's newest commit, unless that must be confirmed first.

    Waits for a run of the source that is under way.

    Raises:
        RepositoryUnavailable: the repository cannot be read; nothing was changed.
        NotConfirmed: a confirmation was given, but the plan is another one by now.
    """
    with claimed(database, source_id, wait=True):
        return run_claimed(database, settings, source_id, order or Order())


def run_claimed(database: Database, settings: Settings, source_id: str, order: Order) -> Run:
    """Do what `sync_source` does, for a caller that holds the claim."""
    source, started = records.read(database, source_id), now_ms()
    try:
        with repository_of(settings, source) as repository, spooled() as spool:
            run = _run(database, source, repository, spool, order, started)
    except RepositoryUnavailable as error:
        records.failed(database, source, order.trigger, started, str(error))
        raise
    if source.reports is not None and run.outcome is not None:
        waits = run.reasons if run.outcome is Outcome.WAITING else ()
        found = commit_status.verdict(len(run.changes), run.problems, waits)
        credential = unsealed(settings.secret_key, source.credential)
        commit_status.report(settings, source.reports, source.url, credential, run.commit, found)
    return run


@contextmanager
def repository_of(settings: Settings, source: ContentSource) -> Iterator[Repository]:
    """Yield the source's repository.

    Raises:
        RepositoryUnavailable: its address or its credential cannot be used.
    """
    try:
        credential = unsealed(settings.secret_key, source.credential)
    except HandrailError as error:
        raise RepositoryUnavailable(str(error)) from error
    with opened(
        settings.data_dir / "git" / source.id,
        source.url,
        source.branch,
        credential,
        settings,
    ) as repository:
        yield repository


def _run(
    database: Database,
    source: ContentSource,
    repository: Repository,
    spool: Spool,
    order: Order,
    started: int,
) -> Run:
    newest = repository.fetch()
    commit = repository.commit(order.to) if order.to else newest
    run, places = _planned(database, source, repository, spool, commit, order)
    if order.confirmed and order.confirmed != run.fingerprint:
        raise NotConfirmed(
            f"The plan is not {order.confirmed} any more: the repository or the walkthroughs have "
            "changed since. Look at it again with: flask sync plan"
        )
    if source.held_at is not None and not order.to:
        records.seen(database, source, run, newest)
        return run
    if run.reasons and order.confirmed != run.fingerprint:
        run = replace(run, outcome=Outcome.WAITING)
        records.waiting(database, source, order, run, started, newest)
        return run
    author = repository.author(commit)
    origin = Origin(source.id, commit, author)
    Writer(database, source.organization_id, origin, spool).write(run.changes)
    run = replace(run, outcome=Outcome.APPLIED)
    records.applied(
        database, source, order, run, newest=newest, author=author, started=started, places=places
    )
    return run


def _planned(
    database: Database,
    source: ContentSource,
    repository: Repository,
    spool: Spool,
    commit: str,
    order: Order,
) -> tuple[Run, dict[str, records.Place]]:
    """Plan, and say where each walkthrough is that was read and need not be read again."""
    owner = source.organization_id
    with database.transaction() as session:
        known = {} if order.reread else read_known(session, owner, source.id)
    parsed, trees = repository.mended(lambda: _read(repository, source.path, commit, known, spool))
    is_rewritten = not order.to and _rewritten(source, repository, commit)
    with database.transaction() as session:
        found = judge(
            session,
            source,
            parsed,
            is_rewritten=is_rewritten,
            tells_effects=order.is_watched,
            verify=order.reread,
        )
    run = Run(
        commit=commit,
        changes=found.changes,
        problems=found.problems,
        fingerprint=fingerprint(commit, found.changes),
        reasons=found.reasons,
        effects=found.effects,
        to=order.to,
    )
    troubled = {problem.path.split("/")[1] for problem in found.problems if "/" in problem.path}
    places = {
        name: (folder, trees[folder])
        for name, folder in parsed.folders.items()
        if folder not in troubled
    }
    return run, places


def _read(
    repository: Repository, folder: str, commit: str, known: Mapping[str, Known], spool: Spool
) -> tuple[Parsed, Mapping[str, str]]:
    """Read the folders that are not known; return what they say, and the trees of all."""
    trees = {name: each.tree for name, each in known.items()}
    with repository.snapshot(commit, folder, trees) as snapshot:
        same = {f: k.author_id for f, k in known.items() if snapshot.trees.get(f) == k.tree}
        parsed = parse_folders(snapshot.root, snapshot.folders, same, spool.keep)
        return parsed, snapshot.trees


def _rewritten(source: ContentSource, repository: Repository, commit: str) -> bool:
    """Return whether somebody must approve that the branch lost the live commit.

    Raises:
        RepositoryUnavailable: it did, and the source refuses that.
    """
    last = source.synced_commit
    if source.on_rewrite is OnRewrite.WARN or not last or last == commit:
        return False
    if repository.contains(last, commit):
        return False
    if source.on_rewrite is OnRewrite.REFUSE:
        raise RepositoryUnavailable(
            f'The branch "{source.branch}" was rewritten: it no longer contains {last[:10]}, which '
            "is live. This source refuses that. Restore the branch, or set the source to warn."
        )
    return True
