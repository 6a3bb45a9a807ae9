"""Record the state of a source and the history of its runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from sync.fence import Fence
from sync.git.errors import NotUsableHere, RepositoryUnavailable
from sync.planning.plan import Create, FolderTree, Plan
from sync.planning.report import describe
from sync.runs import RunResult, SourceRemoved, SyncRequest
from walkthroughs.audit.record import COMMAND_LINE, Actor, Event, act_as, git_actor, record
from walkthroughs.database.pool import Database
from walkthroughs.enums import AuditPlace, RunOutcome, SyncTrigger
from walkthroughs.ids import now_ms
from walkthroughs.models import AwaitingApproval, ContentSource, PendingChange, SyncRun

# Learners see no difference, so `updated_at` stays.
_STORE_GIT_TREES = text(
    """
    UPDATE walkthroughs w SET folder = place.folder, git_tree = place.tree
      FROM unnest(CAST(:names AS text[]), CAST(:folders AS text[]), CAST(:trees AS text[]))
           AS place (name, folder, tree)
     WHERE w.organization_id = :organization_id AND w.source_id = :source_id
       AND w.external_id = place.name
       AND (w.folder, w.git_tree) IS DISTINCT FROM (place.folder, place.tree)
    """
)


def read(database: Database, source_id: str) -> ContentSource:
    """Return the source as it is now.

    Raises:
        SourceRemoved: it was removed.
    """
    with database.transaction() as session:
        query = select(ContentSource).where(ContentSource.id == source_id)
        found = session.scalars(query).one_or_none()
    if found is None:
        raise SourceRemoved
    return found


def record_held(
    database: Database, source: ContentSource, fence: Fence, plan: Plan, newest: str
) -> None:
    """Record where the branch is and what applying it would change."""
    with database.transaction() as session:
        row = _locked(session, source)
        fence.check(session)
        mark_checked(row, newest, source.requested_at)
        row.approval = None
        _store_findings(row, plan)


def mark_checked(row: ContentSource, newest: str, request: int | None) -> None:
    """Record on *row* where the branch is, and that *request* is answered; later ones are not."""
    row.newest_commit, row.checked_at, row.error = newest, now_ms(), None
    row.answered_request_at = request


def record_waiting(
    database: Database,
    source: ContentSource,
    fence: Fence,
    request: SyncRequest,
    result: RunResult,
    started: int,
    newest: str,
) -> None:
    """Record that a plan waits for approval; once in the history, however often it is seen."""
    with database.transaction() as session:
        row = _locked(session, source)
        fence.check(session)
        mark_checked(row, newest, source.requested_at)
        plan, before = result.plan, row.awaiting_approval
        assert plan.commit and plan.fingerprint  # noqa: S101, PT018  it is the plan of a commit
        row.awaiting_approval = AwaitingApproval(
            plan.commit, plan.fingerprint, plan.approval_reasons, request.rollback_to
        )
        if row.approval is not None and row.approval.fingerprint != plan.fingerprint:
            row.approval = None
        _store_findings(row, result.plan)
        if before is None or before.fingerprint != plan.fingerprint:
            session.add(_entry_of(source, request, result, started, request.actor))


def record_applied(
    database: Database,
    source: ContentSource,
    fence: Fence,
    request: SyncRequest,
    result: RunResult,
    *,
    newest: str,
    author: str,
    started: int,
    places: Mapping[str, FolderTree],
) -> None:
    """Record that a commit was applied. It comes last: a run that was cut short is done again.

    *places* are those of walkthroughs that need not be read again while they stay as they are.
    """
    with database.transaction() as session:
        row = _locked(session, source)
        fence.check(session)
        mark_checked(row, newest, source.requested_at)
        moved = row.synced_commit != result.plan.commit
        _audit(session, source, request, row.synced_commit, result)
        if moved or result.plan.changes or row.problems != result.plan.problems:
            session.add(_entry_of(source, request, result, started, request.actor or author))
        row.synced_commit, row.synced_at = result.plan.commit, now_ms() if moved else row.synced_at
        row.problems, row.pending_changes = result.plan.problems, ()
        row.awaiting_approval = row.approval = None
        _store_git_trees(session, source, places)
        if request.rollback_to and row.held_at is None:
            row.hold(request.actor or "rollback", f"Went back to {request.rollback_to[:10]}.")


def record_failed(
    database: Database, source: ContentSource, trigger: SyncTrigger, started: int, message: str
) -> None:
    """Record why the repository cannot be read; once in the history for the same reason."""
    with database.transaction() as session:
        row = _locked(session, source)
        if row.error != message:
            session.add(_entry(source, trigger, started, RunOutcome.FAILED, message=message))
        row.error, row.checked_at, row.answered_request_at = message, now_ms(), source.requested_at


@contextmanager
def record_unavailable(
    database: Database, source: ContentSource, trigger: SyncTrigger
) -> Iterator[None]:
    """Record it if the block cannot read the repository; raise it all the same.

    A command's key and settings may be those of a shell, and not the server's: what they alone
    keep it from is not recorded.
    """
    started = now_ms()
    try:
        yield
    except RepositoryUnavailable as error:
        if not (trigger is SyncTrigger.COMMAND and isinstance(error, NotUsableHere)):
            record_failed(database, source, trigger, started, str(error))
        raise


def _audit(
    session: Session,
    source: ContentSource,
    request: SyncRequest,
    live_commit: str | None,
    result: RunResult,
) -> None:
    """Record what somebody decided; what the commit changed is recorded with its walkthroughs.

    An approval of the dashboard was recorded when it was given.
    """
    act_as(session, _actor_of(source, request))
    whose = (source.organization_id, source.id, source.name)
    if request.trigger is SyncTrigger.COMMAND and request.approved_fingerprint:
        after = {"approval": request.approved_fingerprint}
        record(session, Event(whose[0], "source.approve", *whose[1:], None, after))
    if request.rollback_to:
        before, after = {"commit": live_commit}, {"commit": result.plan.commit or ""}
        record(session, Event(whose[0], "source.rollback", *whose[1:], before, after))


def _actor_of(source: ContentSource, request: SyncRequest) -> Actor:
    match request.trigger:
        case SyncTrigger.COMMAND:
            return COMMAND_LINE
        case SyncTrigger.DASHBOARD if request.actor:
            return Actor(request.actor, AuditPlace.DASHBOARD)
        case _:
            return git_actor(source.name)


def _store_git_trees(
    session: Session, source: ContentSource, places: Mapping[str, FolderTree]
) -> None:
    session.execute(
        _STORE_GIT_TREES,
        {
            "organization_id": source.organization_id,
            "source_id": source.id,
            "names": list(places),
            "folders": [folder for folder, _ in places.values()],
            "trees": [tree for _, tree in places.values()],
        },
    )


def _store_findings(row: ContentSource, plan: Plan) -> None:
    """Store on *row* the problems and changes of a plan that was not applied."""
    row.problems = plan.problems
    row.pending_changes = [
        PendingChange(
            (change.wanted if isinstance(change, Create) else change.live).outline.id,
            change.kind.value,
        )
        for change in plan.changes
    ]


def _locked(session: Session, source: ContentSource) -> ContentSource:
    query = select(ContentSource).where(
        ContentSource.organization_id == source.organization_id, ContentSource.id == source.id
    )
    return session.scalars(query.with_for_update(key_share=True)).one()


def _entry_of(
    source: ContentSource, request: SyncRequest, result: RunResult, started: int, actor: str | None
) -> SyncRun:
    assert result.outcome is not None  # noqa: S101  only runs that ended are kept
    return _entry(
        source,
        request.trigger,
        started,
        result.outcome,
        git_commit=result.plan.commit,
        actor=actor,
        changes=[describe(change) for change in result.plan.changes],
        problem_count=len(result.plan.problems),
        message="; ".join(result.plan.approval_reasons) or None,
    )


def _entry(
    source: ContentSource, trigger: SyncTrigger, started: int, outcome: RunOutcome, **more: object
) -> SyncRun:
    return SyncRun(
        organization_id=source.organization_id,
        source_id=source.id,
        trigger=trigger,
        started_at=started,
        finished_at=now_ms(),
        outcome=outcome,
        **{"changes": [], "problem_count": 0} | more,
    )
