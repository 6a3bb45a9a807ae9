"""The one writer of content that is live; `creating` stores what is new.

Git's apply and the dashboard both come through here. Every change locks the
walkthrough's row first and rewrites its list of steps in the caller's
transaction. Steps are archived, never deleted, and a learner's progress is not
touched at all.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from walkthroughs.columns import Origin, Outcome, described, version_of, worded
from walkthroughs.content import Outline, StepContent, WalkthroughContent
from walkthroughs.errors import ManagedByGit, WalkthroughNotFound
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models import Walkthrough, WalkthroughStep, WalkthroughVersion
from walkthroughs.revision import Level, Revision, compare, follow
from walkthroughs.successions import predecessors

_new_step_id = id_factory("ws")


def publish(
    session: Session,
    organization_id: str,
    walkthrough_id: str,
    content: WalkthroughContent,
    origin: Origin,
) -> Outcome:
    """Make *content* live as the next version; write nothing if it is live already.

    An archived walkthrough comes back, with its learners' progress.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        ManagedByGit: *origin* does not own it.
    """
    row = lock(session, organization_id, walkthrough_id, origin)
    was_archived = row.archived_at is not None
    row.archived_at = None
    outcome = _write(session, row, content, origin, is_back=was_archived)
    session.flush()
    return outcome


def set_published(
    session: Session,
    organization_id: str,
    walkthrough_id: str,
    is_published: bool,
    origin: Origin,
) -> bool:
    """Show the walkthrough to learners or hide it; return whether that changed anything."""
    row = lock(session, organization_id, walkthrough_id, origin)
    changed = row.is_published != is_published
    row.is_published = is_published
    return changed


def archive(session: Session, organization_id: str, walkthrough_id: str, origin: Origin) -> bool:
    """Hide the walkthrough without deleting anything; return whether it was visible before."""
    row = lock(session, organization_id, walkthrough_id, origin)
    changed = row.archived_at is None
    row.archived_at = row.archived_at or now_ms()
    return changed


def adopt(session: Session, organization_id: str, walkthrough_id: str, source_id: str) -> None:
    """Let a source own a walkthrough that the dashboard owns.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        ManagedByGit: another source owns it.
    """
    lock(session, organization_id, walkthrough_id, Origin()).source_id = source_id


def detach(session: Session, organization_id: str, walkthrough_id: str, source_id: str) -> None:
    """Let the dashboard own a walkthrough that *source_id* owns.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        ManagedByGit: another source owns it.
    """
    row = lock(session, organization_id, walkthrough_id, Origin(source_id))
    row.source_id = row.folder = row.tree = None


def read_content(session: Session, organization_id: str, walkthrough_id: str) -> WalkthroughContent:
    """Return what is live now.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
    """
    row = session.scalar(_of_organization(organization_id, walkthrough_id))
    if row is None:
        raise WalkthroughNotFound(walkthrough_id)
    return _content_of(row, _steps_of(session, row))


def _of_organization(organization_id: str, walkthrough_id: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  SQLAlchemy's Select[tuple[Walkthrough]]
    return select(Walkthrough).where(
        Walkthrough.organization_id == organization_id, Walkthrough.id == walkthrough_id
    )


def lock(
    session: Session, organization_id: str, walkthrough_id: str, origin: Origin
) -> Walkthrough:
    """Return the row, locked until the transaction ends: writers take turns.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        ManagedByGit: *origin* does not own it.
    """
    # NO KEY: learners who start meanwhile only refer to the row and need not wait.
    query = _of_organization(organization_id, walkthrough_id).with_for_update(key_share=True)
    row: Walkthrough | None = session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise WalkthroughNotFound(walkthrough_id)
    if row.source_id != origin.source_id:
        raise ManagedByGit(row.title, row.id)
    return row


def _content_of(row: Walkthrough, steps: list[WalkthroughStep]) -> WalkthroughContent:
    live = [step for step in steps if step.archived_at is None]
    return WalkthroughContent(
        id=row.external_id,
        title=row.title,
        description=row.description,
        tags=tuple(row.tags or ()),
        estimated_minutes=row.estimated_minutes,
        steps=tuple(
            StepContent(
                id=step.external_id,
                title=step.title,
                content=step.content,
                section=step.section_title,
                agent_instructions=step.agent_instructions,
                verify=step.verify,
                revision=step.revision,
            )
            for step in live
        ),
    )


def _steps_of(session: Session, row: Walkthrough) -> list[WalkthroughStep]:
    """Return every step the walkthrough ever had; live ones in order."""
    query = select(WalkthroughStep).where(
        WalkthroughStep.organization_id == row.organization_id,
        WalkthroughStep.walkthrough_id == row.id,
    )
    return list(session.scalars(query.order_by(WalkthroughStep.display_order)))


def _write(
    session: Session, row: Walkthrough, new: WalkthroughContent, origin: Origin, *, is_back: bool
) -> Outcome:
    rows, outline = _steps_of(session, row), new.outline()
    old = _content_of(row, rows).outline()
    # While a walkthrough is archived nothing of it is live: its steps may have been elsewhere.
    live = frozenset() if is_back else {follow(step.id, outline) for step in old.steps}
    came = predecessors(session, row.organization_id, outline, origin, live)
    revision = compare(old, outline)
    if revision.level is None and came:  # learners must be looked at again
        revision = Revision(Level.STRUCTURE, "Steps came back.")
    if row.digest != outline.digest:  # an older release may have computed it in another way
        row.digest = outline.digest
        if revision.level is None and not is_back:  # nothing that anybody reads has changed
            flag_modified(row, "updated_at")  # written as it is: the time of the change stays
    if revision.level is None:
        return Outcome(row.id, row.version, None, revision.summary)
    _rename(session, rows, outline)
    steps = _place_steps(session, row, rows, new)
    for step in steps:
        _succeed(step, came.get(step.external_id, []))
    _set(row, described(new))
    row.first_step_id = steps[0].id if steps else None
    row.step_count = len(steps)
    row.version += 1
    ids = [step.id for step in steps]
    session.add(
        WalkthroughVersion(
            organization_id=row.organization_id,
            walkthrough_id=row.id,
            **version_of(row.version, revision, outline.digest, ids, origin),
        )
    )
    return Outcome(row.id, row.version, revision.level, revision.summary)


def _set(row: object, columns: dict[str, Any]) -> None:
    for name, value in columns.items():
        setattr(row, name, value)


def _place_steps(
    session: Session, row: Walkthrough, rows: list[WalkthroughStep], content: WalkthroughContent
) -> list[WalkthroughStep]:
    """Make the live ones of the steps *rows* those of *content*, in its order, as one chain."""
    known = {(step.external_id, step.revision): step for step in rows}
    steps = [_filled(session, row, known.get((s.id, s.revision)), s) for s in content.steps]
    kept = {step.id for step in steps}
    for step in rows:
        if step.id not in kept:
            step.archived_at = step.archived_at or now_ms()
            step.next_step_id = None
    for position, step in enumerate(steps):
        step.display_order = position
        step.next_step_id = steps[position + 1].id if position + 1 < len(steps) else None
    return steps


def _succeed(step: WalkthroughStep, predecessors: list[str]) -> None:
    """Let completions of *predecessors* count for *step*, as well as those that do already."""
    known = {step.id, *(step.succeeds or ())}
    if new := [name for name in predecessors if name not in known]:
        step.succeeds = [*(step.succeeds or ()), *new]


def _rename(session: Session, rows: list[WalkthroughStep], content: Outline) -> None:
    """Give renamed steps their new author ids.

    An archived step that holds the new id already, or would get it too, is left
    without: the live one is the step that learners know by that name from now on.
    """
    live = {step.external_id for step in rows if step.archived_at is None}
    renamed = {}
    for step in sorted(rows, key=lambda each: each.archived_at is None):
        name = follow(step.external_id, content)
        if name == step.external_id or name in live:
            continue
        for other in rows:
            if other is not step and (other.external_id, other.revision) == (name, step.revision):
                other.external_id = f"{name}~{other.id}"
        renamed[name, step.revision] = step
    session.flush()  # first given up, then taken: the database checks each row at once
    for (name, _), step in renamed.items():
        step.external_id = name
    session.flush()


def _filled(
    session: Session, row: Walkthrough, step: WalkthroughStep | None, content: StepContent
) -> WalkthroughStep:
    if step is None:
        step = WalkthroughStep(
            id=_new_step_id(),
            organization_id=row.organization_id,
            walkthrough_id=row.id,
            external_id=content.id,
            revision=content.revision,
        )
        session.add(step)
    _set(step, worded(content))
    step.archived_at = None
    return step
