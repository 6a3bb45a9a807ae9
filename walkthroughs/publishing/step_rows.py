"""Match, rename, chain and archive the rows of a walkthrough's steps."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from walkthroughs.content.revision import current_ids
from walkthroughs.content.values import Outline, StepContent, WalkthroughContent
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.walkthroughs import Walkthrough, WalkthroughStep
from walkthroughs.publishing.rows import step_columns

_new_step_id = id_factory("ws")


def update_steps(
    session: Session, row: Walkthrough, rows: list[WalkthroughStep], content: WalkthroughContent
) -> list[WalkthroughStep]:
    """Make the live ones of the steps *rows* those of *content*, in its order, as one chain."""
    known = {(step.external_id, step.revision): step for step in rows}
    steps = [_step_row(session, row, known.get((s.id, s.revision)), s) for s in content.steps]
    kept = {step.id for step in steps}
    for step in rows:
        if step.id not in kept:
            step.archived_at = step.archived_at or now_ms()
            step.next_step_id = None
    for position, step in enumerate(steps):
        step.display_order = position
        step.next_step_id = steps[position + 1].id if position + 1 < len(steps) else None
    return steps


def add_predecessors(step: WalkthroughStep, predecessors: list[str]) -> None:
    """Let completions of *predecessors* count for *step*, as well as those that do already."""
    known = {step.id, *(step.predecessor_ids or ())}
    if new := [name for name in predecessors if name not in known]:
        step.predecessor_ids = [*(step.predecessor_ids or ()), *new]


def rename_steps(session: Session, rows: list[WalkthroughStep], content: Outline) -> None:
    """Give renamed steps their new author ids.

    An archived step that holds the new id already, or would get it too, is left
    without: the live one is the step that learners know by that name from now on.
    """
    live = {step.external_id for step in rows if step.archived_at is None}
    renamed, now = {}, current_ids(content)
    for step in sorted(rows, key=lambda each: each.archived_at is None):
        name = now(step.external_id)
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


def _step_row(
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
    set_columns(step, step_columns(content))
    step.archived_at = None
    return step


def set_columns(row: object, columns: dict[str, Any]) -> None:
    """Set attributes of *row* by name."""
    for name, value in columns.items():
        setattr(row, name, value)
