"""Which walkthroughs a server offers. Content may ask for one; the dashboard decides the rest."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models import McpServerWalkthrough

_new_id = id_factory("msw")


def assign(
    session: Session, organization_id: str, server_id: str, walkthrough_ids: Sequence[str]
) -> None:
    """Put the walkthroughs on the server, last in order and on; leave existing assignments be."""
    if not walkthrough_ids:
        return
    table = McpServerWalkthrough
    last = session.scalar(
        select(func.coalesce(func.max(table.display_order), -1)).where(
            table.organization_id == organization_id, table.mcp_server_id == server_id
        )
    )
    session.execute(
        insert(table).on_conflict_do_nothing(index_elements=["mcp_server_id", "walkthrough_id"]),
        [
            {
                "id": _new_id(),
                "organization_id": organization_id,
                "mcp_server_id": server_id,
                "walkthrough_id": walkthrough_id,
                "display_order": order,
                "is_enabled": True,
                "assigned_at": now_ms(),
            }
            for order, walkthrough_id in enumerate(walkthrough_ids, 1 + (last or 0))
        ],
    )
