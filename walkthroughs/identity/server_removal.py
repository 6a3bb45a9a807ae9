"""Delete an MCP server. What learners have done on it is theirs, and stays."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import Session

from walkthroughs.enums import ProgressStatus
from walkthroughs.models.progress import WalkthroughAttempt, WalkthroughProgress
from walkthroughs.models.servers import McpServer, McpServerWalkthrough


@dataclass(frozen=True, slots=True)
class PlacesKept:
    """What learners have begun on a server.

    Attributes:
        learners: who have begun anything there.
        places: in walkthroughs; each is of one learner.
        stranded: those of them in walkthroughs that no other server offers.
    """

    learners: int
    places: int
    stranded: int


def count_places(session: Session, server: McpServer) -> PlacesKept:
    """Return what learners have begun on the server, and what they can go on with elsewhere."""
    progress, other = WalkthroughProgress, McpServerWalkthrough
    elsewhere = exists().where(
        other.organization_id == server.organization_id,
        other.walkthrough_id == progress.walkthrough_id,
        other.mcp_server_id == McpServer.id,
        other.is_enabled,
        McpServer.organization_id == server.organization_id,
        McpServer.id != server.id,
        McpServer.walkthrough_tools_enabled,
    )
    row = session.execute(
        select(
            func.count(progress.mcp_server_user_id.distinct()),
            func.count(),
            func.count().filter(~elsewhere),
        ).where(*_begun_on(progress, server), progress.status != ProgressStatus.NOT_STARTED)
    ).one()
    return PlacesKept(*row)


def delete_server(session: Session, server: McpServer) -> None:
    """Delete the server with its assignments, links and sign-ins.

    Learners keep their places, earlier attempts and completions. They are the same learners on
    every server of the organization, so they go on where another one offers the walkthrough.
    """
    # Nobody begins on it between the next statements, which forget where places were begun.
    session.refresh(server, with_for_update=True)
    for table in (WalkthroughProgress, WalkthroughAttempt):
        session.execute(
            update(table)
            .where(*_begun_on(table, server))
            .values(mcp_server_id=None)
            .execution_options(synchronize_session=False)
        )
    session.delete(server)
    session.flush()


def _begun_on(
    table: type[WalkthroughProgress | WalkthroughAttempt], server: McpServer
) -> tuple[ColumnElement[bool], ...]:
    return (table.organization_id == server.organization_id, table.mcp_server_id == server.id)
