"""The one writer of content that is live; `create` inserts what is new.

Git's apply and the dashboard both come through here. Every change locks the
walkthrough's row first and rewrites its list of steps in the caller's
transaction. Steps are archived, never deleted, and a learner's progress is not
touched at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from walkthroughs.audit.record import Event, record
from walkthroughs.content.content_json import content_as_json
from walkthroughs.content.revision import Level, Revision, compare, current_ids
from walkthroughs.content.values import WalkthroughContent
from walkthroughs.errors import WalkthroughArchived
from walkthroughs.ids import now_ms
from walkthroughs.models.walkthroughs import Walkthrough, WalkthroughVersion
from walkthroughs.publishing import text_index
from walkthroughs.publishing.origin import Origin, PublishResult
from walkthroughs.publishing.predecessors import predecessors
from walkthroughs.publishing.read import content_of, lock_walkthrough, steps_of
from walkthroughs.publishing.rows import version_columns, walkthrough_columns
from walkthroughs.publishing.step_rows import (
    add_predecessors,
    rename_steps,
    set_columns,
    update_steps,
)

#: Returns the content that replaces the live one.
Edit = Callable[[WalkthroughContent], WalkthroughContent]


def change(
    session: Session,
    organization_id: str,
    walkthrough_id: str,
    edit: Edit,
    origin: Origin,
    *,
    is_published: bool | None = None,
    restores: bool = False,
) -> PublishResult:
    """Make what *edit* returns for the live content live as the next version.

    Writes nothing if it is live already. The row is locked and read once, so that two
    changes at once follow each other and none is lost. *edit* gets the live content, after
    the lock. *is_published* shows the walkthrough to learners, or hides it; none leaves that
    as it is. With *restores* an archived one comes back, with its learners' progress.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        ManagedByGit: *origin* does not own it.
        WalkthroughArchived: it is archived, and this does not restore it.
    """
    row = lock_walkthrough(session, organization_id, walkthrough_id, origin)
    was_archived = row.archived_at is not None
    if was_archived and not restores:
        raise WalkthroughArchived(row.title)
    before = _state(row)
    row.archived_at = None
    if is_published is not None:
        row.is_published = is_published
    outcome = _write(session, row, edit, origin, was_archived=was_archived)
    after = _state(row)
    changed = [name for name, value in after.items() if before[name] != value]
    if changed:
        # A commit that has the same folder as before must be read: it is no more what is live.
        row.git_tree = None
    session.flush()
    if changed:
        what = {name: before[name] for name in changed}, {name: after[name] for name in changed}
        _record_change(session, row, *what, outcome, origin)
    return outcome


def publish(
    session: Session,
    organization_id: str,
    walkthrough_id: str,
    content: WalkthroughContent,
    origin: Origin,
    *,
    is_published: bool | None = None,
) -> PublishResult:
    """Make *content* live, whatever is live now: `change` that restores.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        ManagedByGit: *origin* does not own it.
    """
    return change(
        session,
        organization_id,
        walkthrough_id,
        lambda _live: content,
        origin,
        is_published=is_published,
        restores=True,
    )


def archive(session: Session, organization_id: str, walkthrough_id: str, origin: Origin) -> bool:
    """Hide the walkthrough without deleting anything; return whether it was visible before."""
    row = lock_walkthrough(session, organization_id, walkthrough_id, origin)
    changed = row.archived_at is None
    row.archived_at = row.archived_at or now_ms()
    if changed:
        record(session, Event(organization_id, "walkthrough.archive", row.id, row.title))
    return changed


def adopt(session: Session, organization_id: str, walkthrough_id: str, source_id: str) -> None:
    """Let a source own a walkthrough that the dashboard owns.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        ManagedByGit: another source owns it.
    """
    row = lock_walkthrough(session, organization_id, walkthrough_id, Origin())
    row.source_id = source_id
    after = {"source": source_id}
    record(session, Event(organization_id, "walkthrough.adopt", row.id, row.title, None, after))


def detach(session: Session, organization_id: str, walkthrough_id: str, source_id: str) -> None:
    """Let the dashboard own a walkthrough that *source_id* owns.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        ManagedByGit: another source owns it.
    """
    row = lock_walkthrough(session, organization_id, walkthrough_id, Origin(source_id))
    row.source_id = row.folder = row.git_tree = None
    before = {"source": source_id}
    record(session, Event(organization_id, "walkthrough.detach", row.id, row.title, before))


def _state(row: Walkthrough) -> dict[str, Any]:
    """Return what the audit tells of a walkthrough: its texts are in its versions."""
    return {
        "title": row.title,
        "version": row.version,
        "published": row.is_published,
        "archived": row.archived_at is not None,
        "steps": row.step_count,
    }


def _record_change(
    session: Session,
    row: Walkthrough,
    before: dict[str, Any],
    after: dict[str, Any],
    outcome: PublishResult,
    origin: Origin,
) -> None:
    verb = "publish"
    if "archived" in after:
        verb = "restore"
    elif outcome.level is None:
        verb = "show" if row.is_published else "hide"
    more: dict[str, Any] = {"what": outcome.summary} if outcome.level else {}
    if origin.git_commit:
        more["commit"] = origin.git_commit
    event = Event(
        row.organization_id,
        f"walkthrough.{verb}",
        row.id,
        row.title,
        before,
        after | more,
    )
    record(session, event)


def _write(
    session: Session, row: Walkthrough, edit: Edit, origin: Origin, *, was_archived: bool
) -> PublishResult:
    rows = steps_of(session, row)
    content = content_of(row, rows)
    old, new = content.outline(), edit(content)
    outline = new.outline()
    # While a walkthrough is archived nothing of it is live: its steps may have been elsewhere.
    now = current_ids(outline)
    live = frozenset() if was_archived else {now(step.id) for step in old.steps}
    predecessors_by_step = predecessors(session, row.organization_id, outline, origin, live)
    revision = compare(old if row.version else None, outline)
    if revision.level is None and predecessors_by_step:  # learners must be looked at again
        revision = Revision(Level.STRUCTURE, "Steps came back.")
    if row.digest != outline.digest:  # an older release may have computed it in another way
        row.digest = outline.digest
        if revision.level is None and not was_archived:  # nothing that anybody reads has changed
            flag_modified(row, "updated_at")  # written as it is: the time of the change stays
    if revision.level is None:
        return PublishResult(row.id, row.version, None, revision.summary)
    _keep_texts(session, row, content)
    rename_steps(session, rows, outline)
    steps = update_steps(session, row, rows, new)
    for step in steps:
        add_predecessors(step, predecessors_by_step.get(step.external_id, []))
    set_columns(row, walkthrough_columns(new))
    row.first_step_id = steps[0].id if steps else None
    row.step_count = len(steps)
    row.version += 1
    text_index.mark(session, row)
    ids = [step.id for step in steps]
    session.add(
        WalkthroughVersion(
            organization_id=row.organization_id,
            walkthrough_id=row.id,
            **version_columns(row.version, revision, outline.digest, ids, origin),
        )
    )
    return PublishResult(row.id, row.version, revision.level, revision.summary)


def _keep_texts(session: Session, row: Walkthrough, content: WalkthroughContent) -> None:
    """Keep the texts of the live version, which the steps hold, before another one is there."""
    version = WalkthroughVersion
    session.execute(
        update(version)
        .where(
            version.organization_id == row.organization_id,
            version.walkthrough_id == row.id,
            version.number == row.version,
        )
        .values(content=content_as_json(content))
        # Nothing that is to be written yet matters to it.
        .execution_options(synchronize_session=False, autoflush=False)
    )
