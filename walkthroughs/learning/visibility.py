"""Which walkthroughs a server offers, and which version of them, as SQL."""

from __future__ import annotations


def visible_sql(organization: str, server: str) -> str:
    """Return the condition that a caller may see walkthrough `w`, in SQL.

    Unknown and not visible are one thing.

    Args:
        organization: the expression for the organization's id.
        server: the expression for the server's id.
    """
    return f"""
    w.organization_id = {organization} AND w.is_published AND w.archived_at IS NULL
    AND w.first_step_id IS NOT NULL AND EXISTS (
      SELECT FROM mcp_server_walkthroughs a
       WHERE a.organization_id = w.organization_id AND a.mcp_server_id = {server}
         AND a.walkthrough_id = w.id AND a.is_enabled)
"""


VISIBLE = visible_sql(":organization_id", ":server_id")
#: What names a version of walkthrough `w` beside its number. Published again after a restore, a
#: walkthrough may have the same number and texts, and other rows of steps; its time is later.
DIGEST = "w.digest || '@' || w.updated_at"
