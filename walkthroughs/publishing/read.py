"""Read a walkthrough's live content, and lock its row for a change."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.content.values import StepContent, WalkthroughContent
from walkthroughs.errors import ManagedByGit, WalkthroughNotFound
from walkthroughs.models.walkthroughs import Walkthrough, WalkthroughStep
from walkthroughs.publishing.origin import Origin


def lock_walkthrough(
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


def read_content(session: Session, organization_id: str, walkthrough_id: str) -> WalkthroughContent:
    """Return what is live now.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
    """
    row = session.scalar(_of_organization(organization_id, walkthrough_id))
    if row is None:
        raise WalkthroughNotFound(walkthrough_id)
    return content_of(row, steps_of(session, row))


def _of_organization(organization_id: str, walkthrough_id: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  SQLAlchemy's Select[tuple[Walkthrough]]
    return select(Walkthrough).where(
        Walkthrough.organization_id == organization_id, Walkthrough.id == walkthrough_id
    )


def content_of(row: Walkthrough, steps: list[WalkthroughStep]) -> WalkthroughContent:
    """Return what is live of a walkthrough and its *steps*."""
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


def steps_of(session: Session, row: Walkthrough) -> list[WalkthroughStep]:
    """Return every step the walkthrough ever had; live ones in order."""
    query = select(WalkthroughStep).where(
        WalkthroughStep.organization_id == row.organization_id,
        WalkthroughStep.walkthrough_id == row.id,
    )
    return list(session.scalars(query.order_by(WalkthroughStep.display_order)))
