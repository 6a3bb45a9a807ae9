"""One run of a content source: read a commit, plan, and carry the plan out or ask first.

Level, not edge: each run compares the commit with the database, so a run that
was cut short is simply done again. The source's mark moves last.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from functools import partial

from sync import history
from sync.apply import PlanWriter
from sync.batches import WithTexts
from sync.fence import take_fence
from sync.format.parse import Surroundings, parse_folders
from sync.format.parse_result import ParseResult, WantedWalkthrough
from sync.git import commit_status
from sync.git.credentials import decrypt_credential
from sync.git.edit_link import view_address_of
from sync.git.errors import ContentInvalid
from sync.git.repository import Repository
from sync.planning.build_plan import build_plan
from sync.planning.current import ReadFolder, read_folders
from sync.planning.plan import Plan
from sync.proposals.drafts import conclude_drafts
from sync.proposals.outcome import follow_after_fetch
from sync.queue import claim
from sync.runs import PlanChanged, RunResult, SyncRequest
from sync.source_repository import open_repository_of
from sync.staging import Staging, open_staging
from walkthroughs.content.values import AuthoredWalkthrough
from walkthroughs.database.pool import Database
from walkthroughs.enums import OnRewrite, RunOutcome
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource
from walkthroughs.publishing.origin import Origin
from walkthroughs.settings import Settings


def plan_source(
    database: Database, settings: Settings, source_id: str,
    request: SyncRequest | None = None, stop: threading.Event | None = None,
) -> Plan:  # fmt: skip
    """Say what the newest commit would change. Writes nothing; waits for a run under way.

    Raises:
        RepositoryUnavailable: the repository cannot be read.
        Stopped: *stop* is set.
    """
    request = request or SyncRequest()
    with claim(database, source_id, wait=True):  # two may not fetch into one copy
        source = history.read(database, source_id)
        with open_repository_of(settings, source, stop) as repository, open_staging() as staging:
            commit = repository.fetch()
            parsed, _ = read_commit(database, source, repository, staging, commit, request)
            return plan_commit(database, source, repository, parsed, commit, request)


def sync_source(
    database: Database, settings: Settings, source_id: str,
    request: SyncRequest | None = None, stop: threading.Event | None = None,
) -> RunResult:  # fmt: skip
    """Make the database equal to the source's newest commit, unless that needs approval first.

    Waits for a run of the source that is under way.

    Raises:
        RepositoryUnavailable: the repository cannot be read; nothing was changed.
        PlanChanged: a plan was approved, but the plan is another one by now.
        Stopped: *stop* is set.
    """
    request = request or SyncRequest()
    with claim(database, source_id, wait=True):
        source = history.read(database, source_id)
        with (
            history.record_unavailable(database, source, request.trigger),
            open_repository_of(settings, source, stop) as repository,
        ):
            return sync_claimed(database, settings, source, repository, request)


def sync_claimed(
    database: Database,
    settings: Settings,
    source: ContentSource,
    repository: Repository,
    request: SyncRequest,
) -> RunResult:
    """Run *source* once: fetch, read, plan, then apply or wait for approval, and record that.

    The caller holds the claim, has read the row since, and has opened the repository.

    Raises:
        RepositoryUnavailable: the repository cannot be read; nothing was changed.
        PlanChanged: a plan was approved, but the plan is another one by now.
        ClaimLost: the claim ended, and another run has begun.
    """
    started, target = now_ms(), request.rollback_to
    fence = take_fence(database, source)
    is_held = source.held_at is not None and not target
    with open_staging() as staging:
        newest = repository.fetch()
        follow_after_fetch(database, source, repository, newest)
        commit = repository.commit(target) if target else newest
        author = repository.author(commit)
        origin = Origin(source.id, commit, author, source_name=source.name)
        writer = PlanWriter(database, source.organization_id, origin, staging, fence)
        with writer.early_import() as early:
            on_new = None if is_held else early.add
            parsed, trees = read_commit(
                database, source, repository, staging, commit, request, on_new
            )
            early.end()
            plan = plan_commit(database, source, repository, parsed, commit, request)
            _refuse_other_plan(request, plan)
            if is_held:
                history.record_held(database, source, fence, plan, newest)
                return RunResult(plan)
            if plan.approval_reasons and request.approved_fingerprint != plan.fingerprint:
                result = RunResult(plan, RunOutcome.WAITING, target)
                history.record_waiting(database, source, fence, request, result, started, newest)
            else:
                places = plan.places(parsed.folders, trees)
                writer.write(plan.changes, early, places)
                result = RunResult(plan, RunOutcome.APPLIED, target)
                history.record_applied(
                    database, source, fence, request, result,
                    newest=newest, author=author, started=started, places=places,
                )  # fmt: skip
                conclude_drafts(database, source)
    _post_status(settings, source, result)
    return result


def read_commit(
    database: Database,
    source: ContentSource,
    repository: Repository,
    staging: Staging,
    commit: str,
    request: SyncRequest,
    on_new: Callable[[WithTexts], None] | None = None,
) -> tuple[ParseResult, Mapping[str, str]]:
    """Read the folders that are not known; return what they say, and the Git trees of all.

    *on_new* takes each walkthrough that is not live, as soon as it is read.
    """
    with database.transaction() as session:
        last = read_folders(session, source.organization_id, source.id)
    known: dict[str, ReadFolder] = {} if request.read_all else dict(last)
    for name in random.sample(list(known), min(request.reread_folders, len(known))):
        del known[name]
    live = {each.author_id for each in last.values()}
    known_trees = {name: each.tree for name, each in known.items()}

    def read() -> tuple[ParseResult, Mapping[str, str]]:
        with repository.snapshot(commit, source.path, known_trees) as snapshot:

            def on_read(folder: str, wanted: WantedWalkthrough, read: AuthoredWalkthrough) -> None:
                if on_new is not None and wanted.outline.id not in live:
                    place = folder, snapshot.trees[folder]
                    on_new(WithTexts(wanted, read.content, bool(read.pictures), place))

            same = {f: k.author_id for f, k in known.items() if snapshot.trees.get(f) == k.tree}
            around = Surroundings(
                snapshot.root_entries,
                snapshot.stray_entries,
                lambda folder: last[folder].author_id if folder in last else None,
                partial(view_address_of, source),
                folders=len(snapshot.trees),
                steps=sum(known[folder].steps for folder in same),
            )
            # The files are read while they are parsed, one folder at a time.
            parsed = parse_folders(
                snapshot.root, snapshot.folders, same, staging.add, around, on_read
            )
            return parsed, snapshot.trees

    return repository.with_reclone(read)


def plan_commit(
    database: Database,
    source: ContentSource,
    repository: Repository,
    parsed: ParseResult,
    commit: str,
    request: SyncRequest,
) -> Plan:
    """Return the plan of a commit that was read."""
    is_rollback = request.rollback_to is not None
    is_rewritten = not is_rollback and _rewrite_needs_approval(source, repository, commit)
    with database.transaction() as session:
        return build_plan(
            session,
            source,
            parsed,
            commit=commit,
            is_rewritten=is_rewritten,
            wants_impact=request.wants_impact,
            recompute_digests=request.compares_texts,
        )


def _refuse_other_plan(request: SyncRequest, plan: Plan) -> None:
    approved = request.approved_fingerprint
    if approved and approved != plan.fingerprint:
        raise PlanChanged(
            f"The plan is not {approved} any more: the repository or the walkthroughs have "
            "changed since. Look at it again with: flask sync plan"
        )


def _post_status(settings: Settings, source: ContentSource, result: RunResult) -> None:
    """Post the result of the commit to its host, if the source wants that."""
    plan = result.plan
    if source.host_kind is None or plan.commit is None:
        return
    reasons = plan.approval_reasons if result.outcome is RunOutcome.WAITING else ()
    status = commit_status.commit_status(len(plan.changes), plan.problems, reasons)
    credential = decrypt_credential(settings.secret_keys, source.credential)
    commit_status.post_status(
        settings, source.host_kind, source.url, credential, plan.commit, status
    )


def _rewrite_needs_approval(source: ContentSource, repository: Repository, commit: str) -> bool:
    """Return whether an approval is needed because the branch lost the live commit.

    Raises:
        ContentInvalid: it did, and the source refuses that.
    """
    last = source.synced_commit
    if source.on_rewrite is OnRewrite.WARN or not last or last == commit:
        return False
    if repository.contains(last, commit):
        return False
    if source.on_rewrite is OnRewrite.REFUSE:
        raise ContentInvalid(
            f'The branch "{source.branch}" was rewritten: it no longer contains {last[:10]}, which '
            "is live. This source refuses that. Restore the branch, or set the source to warn."
        )
    return True
