"""MCP servers, by the slug that operators type."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.errors import NotFound
from walkthroughs.models.servers import McpServer


def find_server(session: Session, slug: str) -> McpServer:
    """Return the MCP server with this slug.

    Raises:
        NotFound: there is none.
    """
    server: McpServer | None = session.scalar(select(McpServer).where(McpServer.slug == slug))
    if server is None:
        raise NotFound(f'There is no MCP server "{slug}". See: flask servers list')
    return server
