"""Which walkthroughs a server offers. Content may ask for one; the dashboard decides the rest."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models import McpServer, McpServerWalkthrough

_new_id = id_factory("msw")


def assign(session: Session, organization_id: str, server_id: str, walkthrough_id: str) -> None:
    """Put the walkthrough on the server, last in order and on; leave an existing assignment be."""
    table = McpServerWalkthrough
    last = select(func.coalesce(func.max(table.display_order), -1) + 1).where(
        table.organization_id == organization_id, table.mcp_server_id == server_id
    )
    session.execute(
        insert(table)
        .values(
            id=_new_id(),
            organization_id=organization_id,
            mcp_server_id=server_id,
            walkthrough_id=walkthrough_id,
            display_order=last.scalar_subquery(),
            is_enabled=True,
            assigned_at=now_ms(),
        )
        .on_conflict_do_nothing(index_elements=["mcp_server_id", "walkthrough_id"])
    )


def ensure(
    session: Session, organization_id: str, walkthrough_id: str, server_slugs: Iterable[str]
) -> list[str]:
    """Assign the walkthrough to each named server; return the slugs the organization lacks."""
    wanted = list(server_slugs)
    if not wanted:
        return []
    query = select(McpServer.slug, McpServer.id).where(
        McpServer.organization_id == organization_id, McpServer.slug.in_(wanted)
    )
    servers = {row.slug: row.id for row in session.execute(query)}
    for slug in wanted:
        if slug in servers:
            assign(session, organization_id, servers[slug], walkthrough_id)
    return [slug for slug in wanted if slug not in servers]
