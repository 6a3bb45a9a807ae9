"""What a server offers. Queries return values, never live rows."""

from __future__ import annotations

from sqlalchemy import text

from walkthroughs.caller import Caller
from walkthroughs.db import Database
from walkthroughs.models import Status
from walkthroughs.step_view import Card

#: What a caller of this server may see of walkthrough `w`. Unknown and not visible are one thing.
VISIBLE = """
    w.organization_id = :organization_id AND w.is_published AND w.archived_at IS NULL
    AND w.first_step_id IS NOT NULL AND EXISTS (
      SELECT FROM mcp_server_walkthroughs a
       WHERE a.organization_id = w.organization_id AND a.mcp_server_id = :server_id
         AND a.walkthrough_id = w.id AND a.is_enabled)
"""

_LIST = text(
    f"""
    SELECT w.id, w.title, w.description, w.step_count, w.estimated_minutes, p.status,
           (SELECT count(*) FROM walkthrough_steps s
             WHERE s.organization_id = w.organization_id AND s.walkthrough_id = w.id
               AND s.archived_at IS NULL
               AND (p.completed_steps ? s.id OR s.succeeds <> '[]' AND EXISTS (
                 SELECT FROM walkthrough_progress e
                  WHERE e.organization_id = w.organization_id
                    AND e.mcp_server_user_id = :learner_id AND e.completed_steps
                        ?| ARRAY(SELECT jsonb_array_elements_text(s.succeeds))))) AS completed
      FROM walkthroughs w
      JOIN mcp_server_walkthroughs o ON o.walkthrough_id = w.id AND o.mcp_server_id = :server_id
      LEFT JOIN walkthrough_progress p ON p.walkthrough_id = w.id
       AND p.organization_id = w.organization_id AND p.mcp_server_user_id = :learner_id
     WHERE {VISIBLE}
     ORDER BY o.display_order, w.title, w.id
    """  # noqa: S608  VISIBLE is a constant
)


def list_walkthroughs(database: Database, caller: Caller) -> list[Card]:
    """Return what the caller's server offers, in display order, with the learner's progress."""
    known = caller.learner_id is not None
    with database.reading() as connection:
        rows = connection.execute(
            _LIST,
            {
                "organization_id": caller.organization_id,
                "server_id": caller.server_id,
                "learner_id": caller.learner_id,
            },
        ).all()
    return [
        Card(
            id=row.id,
            title=row.title,
            description=row.description,
            total_steps=row.step_count,
            estimated_minutes=row.estimated_minutes,
            status=Status(row.status or Status.NOT_STARTED) if known else None,
            completed_steps=row.completed if known else None,
            percent=100 * row.completed // row.step_count if known else None,
        )
        for row in rows
    ]
