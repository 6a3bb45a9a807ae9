"""One run of a content source: read a commit, plan, and carry the plan out or ask first.

Level, not edge: each run compares the commit with the database, so a run that
was cut short is simply done again. The source's mark moves last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from sync import history, runs
from sync.apply import PlanWriter
from sync.format.parse import parse_folders
from sync.format.parse_result import ParseResult
from sync.git import commit_status
from sync.git.credentials import decrypt_credential
from sync.git.errors import RepositoryUnavailable
from sync.git.repository import Repository, open_repository
from sync.planning.build_plan import build_plan
from sync.planning.current import ReadFolder, read_folders
from sync.planning.plan import fingerprint
from sync.queue import claim
from sync.runs import PlanChanged, RunResult, SyncRequest
from sync.staging import Staging, open_staging
from walkthroughs.database.pool import Database
from walkthroughs.enums import OnRewrite, RunOutcome
from walkthroughs.errors import HandrailError
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource
from walkthroughs.publishing.origin import Origin
from walkthroughs.settings import Settings


def plan_source(database: Database, settings: Settings, source_id: str) -> RunResult:
    """Say what the newest commit would change. Writes nothing; waits for a run under way.

    Raises:
        RepositoryUnavailable: the repository cannot be read.
    """
    with claim(database, source_id, wait=True):  # two may not fetch into one copy
        source = history.read(database, source_id)
        with open_repository_of(settings, source) as repository, open_staging() as spool:
            commit = repository.fetch()
            run, _ = _make_plan(database, source, repository, spool, commit, SyncRequest())
            return run


def sync_source(
    database: Database, settings: Settings, source_id: str, order: SyncRequest | None = None
) -> RunResult:
    """Make the database equal to the source's newest commit, unless that must be confirmed first.

    Waits for a run of the source that is under way.

    Raises:
        RepositoryUnavailable: the repository cannot be read; nothing was changed.
        NotConfirmed: a confirmation was given, but the plan is another one by now.
    """
    with claim(database, source_id, wait=True):
        return sync_claimed(database, settings, source_id, order or SyncRequest())


def sync_claimed(
    database: Database, settings: Settings, source_id: str, order: SyncRequest
) -> RunResult:
    """Do what `sync_source` does, for a caller that holds the claim."""
    source, started = history.read(database, source_id), now_ms()
    try:
        with open_repository_of(settings, source) as repository, open_staging() as spool:
            run = _carry_out(database, source, repository, spool, order, started)
    except RepositoryUnavailable as error:
        history.record_failed(database, source, order.trigger, started, str(error))
        raise
    if source.reports is not None and run.outcome is not None:
        waits = run.reasons if run.outcome is RunOutcome.WAITING else ()
        found = commit_status.commit_status(len(run.changes), run.problems, waits)
        credential = decrypt_credential(settings.secret_key, source.credential)
        commit_status.post_status(
            settings, source.reports, source.url, credential, run.commit, found
        )
    return run


@contextmanager
def open_repository_of(settings: Settings, source: ContentSource) -> Iterator[Repository]:
    """Yield the source's repository.

    Raises:
        RepositoryUnavailable: its address or its credential cannot be used.
    """
    try:
        credential = decrypt_credential(settings.secret_key, source.credential)
    except HandrailError as error:
        raise RepositoryUnavailable(str(error)) from error
    with open_repository(
        settings.data_dir / "git" / source.id,
        source.url,
        source.branch,
        credential,
        settings,
    ) as repository:
        yield repository


def _carry_out(
    database: Database,
    source: ContentSource,
    repository: Repository,
    spool: Staging,
    order: SyncRequest,
    started: int,
) -> RunResult:
    newest = repository.fetch()
    commit = repository.commit(order.to) if order.to else newest
    run, places = _make_plan(database, source, repository, spool, commit, order)
    if order.confirmed and order.confirmed != run.fingerprint:
        raise PlanChanged(
            f"The plan is not {order.confirmed} any more: the repository or the walkthroughs have "
            "changed since. Look at it again with: flask sync plan"
        )
    if source.held_at is not None and not order.to:
        history.record_held(database, source, run, newest)
        return run
    if run.reasons and order.confirmed != run.fingerprint:
        run = replace(run, outcome=RunOutcome.WAITING)
        history.record_waiting(database, source, order, run, started, newest)
        return run
    author = repository.author(commit)
    origin = Origin(source.id, commit, author)
    PlanWriter(database, source.organization_id, origin, spool).write(run.changes)
    run = replace(run, outcome=RunOutcome.APPLIED)
    history.record_applied(
        database, source, order, run, newest=newest, author=author, started=started, places=places
    )
    return run


def _make_plan(
    database: Database,
    source: ContentSource,
    repository: Repository,
    spool: Staging,
    commit: str,
    order: SyncRequest,
) -> tuple[RunResult, dict[str, runs.FolderTree]]:
    """Plan, and say where each walkthrough is that was read and need not be read again."""
    owner = source.organization_id
    with database.transaction() as session:
        known = {} if order.reread else read_folders(session, owner, source.id)
    parsed, trees = repository.mended(lambda: _read(repository, source.path, commit, known, spool))
    is_rewritten = not order.to and _rewrite_needs_approval(source, repository, commit)
    with database.transaction() as session:
        found = build_plan(
            session,
            source,
            parsed,
            is_rewritten=is_rewritten,
            tells_effects=order.is_watched,
            verify=order.reread,
        )
    run = RunResult(
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
    repository: Repository,
    folder: str,
    commit: str,
    known: Mapping[str, ReadFolder],
    spool: Staging,
) -> tuple[ParseResult, Mapping[str, str]]:
    """Read the folders that are not known; return what they say, and the trees of all."""
    trees = {name: each.tree for name, each in known.items()}
    with repository.snapshot(commit, folder, trees) as snapshot:
        same = {f: k.author_id for f, k in known.items() if snapshot.trees.get(f) == k.tree}
        parsed = parse_folders(snapshot.root, snapshot.folders, same, spool.keep)
        return parsed, snapshot.trees


def _rewrite_needs_approval(source: ContentSource, repository: Repository, commit: str) -> bool:
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
