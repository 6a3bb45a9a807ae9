"""What the pages of servers show: each server, and the walkthroughs assigned to one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session

from admin.forms import AUTH_TYPES, meaning_of
from admin.pages.servers.last_call import LastCall
from admin.states import State, state_sql, state_words
from walkthroughs.addresses import server_address
from walkthroughs.crypto import hash_token
from walkthroughs.ids import now_ms
from walkthroughs.models import (
    McpServer,
    McpServerWalkthrough,
    ServerCall,
    ServerLearners,
    Walkthrough,
    WalkthroughProgress,
)
from walkthroughs.publishing.count_learners import SERVER_DAYS
from walkthroughs.runtime import runtime

_WEEK_MS = SERVER_DAYS * 24 * 3600 * 1000
#: How many walkthroughs the box offers to add. More are found by the search of their list.
_ADDABLE = 500


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One server of the list. `learners` were active in the last seven days."""

    slug: str
    name: str
    address: str
    known_by: str
    domain: str | None
    is_domain_verified: bool
    is_domain_astray: bool
    is_on: bool
    assigned: int
    served: int
    learners: int
    last_call: LastCall | None

    @property
    def state(self) -> str:
        """Return what it does now, in words."""
        if not self.is_on:
            return "Off"
        if self.assigned == 0:
            return "Nothing to serve"
        return f"Serving {self.served} of {self.assigned}"


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


def _is_served() -> Any:  # noqa: ANN401  an expression
    return and_(
        McpServerWalkthrough.is_enabled,
        Walkthrough.is_published,
        Walkthrough.archived_at.is_(None),
        Walkthrough.first_step_id.is_not(None),
    )


def address_of(server: McpServer) -> str:
    """Return the address of a server that people are given: on its own domain if it has one."""
    if server.custom_domain and server.domain_verified_at:
        return f"https://{server.custom_domain}/mcp"
    return server_address(runtime().settings.base_url, server.slug)


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


def read_servers(session: Session, organization_id: str) -> list[ServerRow]:
    """Return the organization's servers by name, with what each serves."""
    offered = (
        select(
            McpServerWalkthrough.mcp_server_id.label("server_id"),
            func.count().label("assigned"),
            func.count().filter(_is_served()).label("served"),
        )
        .join(Walkthrough, Walkthrough.id == McpServerWalkthrough.walkthrough_id)
        .where(
            McpServerWalkthrough.organization_id == organization_id,
            Walkthrough.organization_id == organization_id,
        )
        .group_by(McpServerWalkthrough.mcp_server_id)
        .subquery()
    )
    active = (
        select(
            WalkthroughProgress.mcp_server_id.label("server_id"),
            func.count(WalkthroughProgress.mcp_server_user_id.distinct()).label("learners"),
        )
        .where(
            WalkthroughProgress.organization_id == organization_id,
            WalkthroughProgress.active_at > now_ms() - _WEEK_MS,
            ~exists().where(ServerLearners.organization_id == organization_id),
        )
        .group_by(WalkthroughProgress.mcp_server_id)
        .subquery()
    )
    rows = session.execute(
        select(
            McpServer,
            offered.c.assigned,
            offered.c.served,
            func.coalesce(ServerLearners.active, active.c.learners),
            ServerCall,
        )
        .outerjoin(offered, offered.c.server_id == McpServer.id)
        .outerjoin(active, active.c.server_id == McpServer.id)
        .outerjoin(
            ServerLearners,
            and_(
                ServerLearners.organization_id == organization_id,
                ServerLearners.mcp_server_id == McpServer.id,
            ),
        )
        .outerjoin(
            ServerCall,
            and_(
                ServerCall.organization_id == organization_id,
                ServerCall.mcp_server_id == McpServer.id,
            ),
        )
        .where(McpServer.organization_id == organization_id)
        .order_by(func.lower(McpServer.name), McpServer.id)
    )
    return [
        ServerRow(
            slug=server.slug,
            name=server.name,
            address=address_of(server),
            known_by=meaning_of(AUTH_TYPES, server.auth_type)[0],
            domain=server.custom_domain,
            is_domain_verified=server.domain_verified_at is not None,
            is_domain_astray=server.domain_fault is not None,
            is_on=server.walkthrough_tools_enabled,
            assigned=assigned or 0,
            served=served or 0,
            learners=learners or 0,
            last_call=LastCall(call.client, call.called_at, call.listed) if call else None,
        )
        for server, assigned, served, learners, call in rows
    ]


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
