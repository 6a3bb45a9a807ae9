"""What a server's page shows: the walkthroughs that are assigned to it, and their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from admin.states import State, state_sql, state_words
from walkthroughs.crypto import hash_token
from walkthroughs.models import McpServerWalkthrough, Walkthrough

#: How many walkthroughs the box offers to add. More are found by the search of their list.
_ADDABLE = 500


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """An assigned walkthrough. `hindrance` says why it is not served; none if it is.

    `is_git` says that a repository has its text, `is_from_git` that its manifest asked for the
    server.
    """

    id: str
    title: str
    description: str | None
    steps: int
    badge: str
    state: State
    is_enabled: bool
    is_git: bool
    is_from_git: bool
    hindrance: str | None


def order_mark(walkthrough_ids: Iterable[str]) -> str:
    """Return what stands for an order of walkthroughs: another order has another one."""
    return hash_token(" ".join(walkthrough_ids))[:16]


def read_order_mark(session: Session, organization_id: str, server_id: str) -> str:
    """Return what stands for the order on the server now."""
    return order_mark(
        session.scalars(
            select(McpServerWalkthrough.walkthrough_id)
            .where(
                McpServerWalkthrough.organization_id == organization_id,
                McpServerWalkthrough.mcp_server_id == server_id,
            )
            .order_by(McpServerWalkthrough.display_order, McpServerWalkthrough.id)
        )
    )


def read_assignments(session: Session, organization_id: str, server_id: str) -> list[AssignmentRow]:
    """Return what is assigned to the server, in its order."""
    rows = session.execute(
        select(
            Walkthrough.id,
            Walkthrough.title,
            Walkthrough.description,
            Walkthrough.step_count,
            Walkthrough.version,
            Walkthrough.source_id,
            state_sql().label("state"),
            McpServerWalkthrough.is_enabled,
            McpServerWalkthrough.is_from_git,
        )
        .join(McpServerWalkthrough, McpServerWalkthrough.walkthrough_id == Walkthrough.id)
        .where(
            Walkthrough.organization_id == organization_id,
            McpServerWalkthrough.organization_id == organization_id,
            McpServerWalkthrough.mcp_server_id == server_id,
        )
        .order_by(McpServerWalkthrough.display_order, McpServerWalkthrough.id)
    )
    return [_assignment(row) for row in rows]


def read_addable(session: Session, organization_id: str, server_id: str) -> list[tuple[str, str]]:
    """Return (id, title) of walkthroughs that the server could have, by title."""
    assigned = select(McpServerWalkthrough.walkthrough_id).where(
        McpServerWalkthrough.organization_id == organization_id,
        McpServerWalkthrough.mcp_server_id == server_id,
    )
    rows = session.execute(
        select(Walkthrough.id, Walkthrough.title)
        .where(
            Walkthrough.organization_id == organization_id,
            Walkthrough.archived_at.is_(None),
            Walkthrough.id.not_in(assigned),
        )
        .order_by(func.lower(Walkthrough.title), Walkthrough.id)
        .limit(_ADDABLE)
    )
    return [(row.id, row.title) for row in rows]


def _assignment(row: Any) -> AssignmentRow:  # noqa: ANN401  a row of `read_assignments`
    state = State(row.state)
    return AssignmentRow(
        id=row.id,
        title=row.title,
        description=row.description,
        steps=row.step_count,
        badge=state_words(state, row.version),
        state=state,
        is_enabled=row.is_enabled,
        is_git=row.source_id is not None,
        is_from_git=row.is_from_git and row.source_id is not None,
        hindrance=_hindrance(state, row.step_count, is_enabled=row.is_enabled),
    )


def _hindrance(state: State, steps: int, *, is_enabled: bool) -> str | None:
    if state is not State.LIVE:
        return {
            State.DRAFT: "A draft is not served: publish it first.",
            State.HIDDEN: "It is hidden: publish it to serve it again.",
            State.ARCHIVED: "It is archived: restore it to serve it again.",
        }[state]
    if steps == 0:
        return "It has no steps."
    return None if is_enabled else "It is switched off here."
