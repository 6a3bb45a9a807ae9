"""Which servers offer one walkthrough, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.errors import NotFound
from walkthroughs.models.servers import McpServer, McpServerWalkthrough
from walkthroughs.publishing import assignments


@dataclass(frozen=True, slots=True)
class ServerPlace:
    """A server that shall offer a walkthrough.

    Attributes:
        place: in its list, counted from 1; none: as it is, or last if it is new there.
    """

    server_id: str
    place: int | None = None


def offer(
    session: Session, organization_id: str, walkthrough_id: str, servers: Sequence[ServerPlace]
) -> None:
    """Let *servers* offer the walkthrough, and no others; what they had before stays assigned.

    Raises:
        NotFound: the organization has no such server.
    """
    table, wanted = McpServerWalkthrough, {each.server_id: each.place for each in servers}
    # Who publishes something else on one of these servers waits here, and not in a circle.
    known = session.scalars(
        select(McpServer.id)
        .where(McpServer.organization_id == organization_id, McpServer.id.in_(wanted))
        .order_by(McpServer.id)
        .with_for_update(key_share=True)
    ).all()
    if len(known) != len(wanted):
        raise NotFound("There is no such server any more.")
    for server_id in known:
        assignments.assign(session, organization_id, server_id, [walkthrough_id])
    assigned = session.scalars(
        select(table.mcp_server_id)
        .where(table.organization_id == organization_id, table.walkthrough_id == walkthrough_id)
        .order_by(table.mcp_server_id)
    ).all()
    for server_id in assigned:
        is_wanted = server_id in wanted
        assignments.switch(
            session, organization_id, server_id, walkthrough_id, is_enabled=is_wanted
        )
        if (place := wanted.get(server_id)) is not None:
            after = _stands_behind(session, organization_id, server_id, walkthrough_id, place)
            assignments.move(session, organization_id, server_id, walkthrough_id, after)


def _stands_behind(
    session: Session, organization_id: str, server_id: str, walkthrough_id: str, place: int
) -> str | None:
    """Return what the walkthrough stands behind at a place of the server's list."""
    table = McpServerWalkthrough
    others = session.scalars(
        select(table.walkthrough_id)
        .where(
            table.organization_id == organization_id,
            table.mcp_server_id == server_id,
            table.walkthrough_id != walkthrough_id,
        )
        .order_by(table.display_order, table.id)
    ).all()
    before = others[: max(0, place - 1)]
    return before[-1] if before else None
