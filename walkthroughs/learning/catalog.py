"""What a server offers. Queries return values, never live rows."""

from __future__ import annotations

from sqlalchemy import text

from walkthroughs.database.pool import Database
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.position import percent_of
from walkthroughs.learning.views import CatalogEntry, CatalogPage
from walkthroughs.learning.visibility import VISIBLE

#: A page is what an assistant reads in one answer: clients cut longer ones.
PAGE_SIZE = 50

# Any of the words, since people name more than a title holds. Operators in them are plain words.
_QUERY = "replace(plainto_tsquery('english', :query)::text, ' & ', ' | ')::tsquery"

# Completions are counted for the page only: one server may offer thousands.
_LIST = """
    WITH offered AS (
      SELECT w.id, w.organization_id, w.title, w.description, w.step_count, w.estimated_minutes,
             count(*) OVER () AS total, row_number() OVER (ORDER BY {order}) AS place
        FROM walkthroughs w
        JOIN mcp_server_walkthroughs o ON o.organization_id = w.organization_id
         AND o.walkthrough_id = w.id AND o.mcp_server_id = :server_id
       WHERE {where}
       ORDER BY place LIMIT :limit OFFSET :offset
    )
    SELECT w.*, p.status,
           (SELECT count(*) FROM walkthrough_steps s
             WHERE s.organization_id = w.organization_id AND s.walkthrough_id = w.id
               AND s.archived_at IS NULL
               AND (p.completed_steps ? s.id OR s.predecessor_ids <> '[]' AND EXISTS (
                 SELECT FROM walkthrough_progress e
                  WHERE e.organization_id = w.organization_id
                    AND e.mcp_server_user_id = :learner_id AND e.completed_steps
                        ?| ARRAY(
                           SELECT jsonb_array_elements_text(s.predecessor_ids))))) AS completed
      FROM offered w
      LEFT JOIN walkthrough_progress p ON p.walkthrough_id = w.id
       AND p.organization_id = w.organization_id AND p.mcp_server_user_id = :learner_id
     ORDER BY w.place
"""
_DISPLAY_ORDER = "o.display_order, w.title, w.id"
_ALL = text(_LIST.format(where=VISIBLE, order=_DISPLAY_ORDER))
_FOUND = text(
    _LIST.format(
        where=f"{VISIBLE} AND w.search_words @@ {_QUERY}",
        order=f"ts_rank(w.search_words, {_QUERY}) DESC, {_DISPLAY_ORDER}",
    )
)


def list_walkthroughs(
    database: Database, caller: Caller, *, query: str | None = None, page: int = 1
) -> CatalogPage:
    """Return a page of what the caller's server offers, with the learner's progress.

    Without *query* in display order; with one, what has any of its words in title or description,
    best first. A page behind the last one is empty.
    """
    known = caller.learner_id is not None
    keys = {
        "organization_id": caller.organization_id,
        "server_id": caller.server_id,
        "learner_id": caller.learner_id,
        "limit": PAGE_SIZE,
        "offset": PAGE_SIZE * (page - 1),
    }
    with database.autocommit() as connection:
        if query is None:
            rows = connection.execute(_ALL, keys).all()
        else:
            words = query.replace("\0", " ")  # PostgreSQL takes none
            rows = connection.execute(_FOUND, keys | {"query": words}).all()
    cards = tuple(
        CatalogEntry(
            id=row.id,
            title=row.title,
            description=row.description,
            total_steps=row.step_count,
            estimated_minutes=row.estimated_minutes,
            status=ProgressStatus(row.status or ProgressStatus.NOT_STARTED) if known else None,
            completed_steps=row.completed if known else None,
            percent=percent_of(row.completed, row.step_count) if known else None,
        )
        for row in rows
    )
    return CatalogPage(cards, rows[0].total if rows else 0, page, PAGE_SIZE)
