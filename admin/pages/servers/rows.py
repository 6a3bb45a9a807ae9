"""What the list of servers shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session

from admin.forms import AUTH_TYPES, meaning_of
from admin.pages.servers.last_call import LastCall
from walkthroughs.addresses import server_address
from walkthroughs.events.scope import DAY_MS
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


def _is_served() -> Any:  # noqa: ANN401  an expression
    return and_(
        McpServerWalkthrough.is_enabled,
        Walkthrough.is_published,
        Walkthrough.archived_at.is_(None),
        Walkthrough.first_step_id.is_not(None),
    )


def address_of(server: McpServer) -> str:
    """Return the address of a server that people are given: on its own domain if it has one."""
    return server_address(runtime().settings.base_url, server.slug, server.served_domain)


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
            WalkthroughProgress.active_at > now_ms() - SERVER_DAYS * DAY_MS,
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
