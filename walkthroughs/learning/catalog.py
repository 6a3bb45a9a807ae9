"""What a server offers. Queries return values, never live rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from walkthroughs.database.pool import Database
from walkthroughs.database.prepared import Prepared, Statement
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.position import percent_of
from walkthroughs.learning.views import CatalogEntry, CatalogPage
from walkthroughs.learning.visibility import visible_sql

#: A page is what an assistant reads in one answer: clients cut longer ones.
PAGE_SIZE = 50

# Any of the words, since people name more than a title holds. Operators in them are plain words.
_QUERY = "replace(plainto_tsquery('english', $5)::text, ' & ', ' | ')::tsquery"
_VISIBLE = visible_sql("$1", "$2")
_DISPLAY_ORDER = "o.display_order, w.title, w.id"


def _listing(where: str, order: str) -> str:
    """Return a statement whose row has the number of all, and a page of them as JSON."""
    # Completions are counted for the page only: one server may offer thousands.
    return f"""
    WITH offered AS (
      SELECT w.id, w.organization_id, w.title, w.description, w.step_count, w.estimated_minutes,
             count(*) OVER () AS total, row_number() OVER (ORDER BY {order}) AS place
        FROM walkthroughs w
        JOIN mcp_server_walkthroughs o ON o.organization_id = w.organization_id
         AND o.walkthrough_id = w.id AND o.mcp_server_id = $2
       WHERE {where}
       ORDER BY place LIMIT {PAGE_SIZE} OFFSET $4
    )
    SELECT max(w.total), json_agg(json_build_array(
             w.id, w.title, w.description, w.step_count, w.estimated_minutes, p.status,
             (SELECT count(*) FROM walkthrough_steps s
               WHERE s.organization_id = w.organization_id AND s.walkthrough_id = w.id
                 AND s.archived_at IS NULL
                 AND (p.completed_steps ? s.id OR s.predecessor_ids <> '[]' AND EXISTS (
                   SELECT FROM walkthrough_progress e
                    WHERE e.organization_id = w.organization_id
                      AND e.mcp_server_user_id = $3 AND e.completed_steps
                          ?| ARRAY(
                             SELECT jsonb_array_elements_text(s.predecessor_ids)))))
           ) ORDER BY w.place)::text
      FROM offered w
      LEFT JOIN walkthrough_progress p ON p.walkthrough_id = w.id
       AND p.organization_id = w.organization_id AND p.mcp_server_user_id = $3
    """  # noqa: S608  constants


#: Organization, server, learner or null, how many to pass over; words to look for.
LIST_ALL = Statement(
    "handrail_list", ("text", "text", "text", "bigint"), _listing(_VISIBLE, _DISPLAY_ORDER)
)
LIST_FOUND = Statement(
    "handrail_list_found",
    ("text", "text", "text", "bigint", "text"),
    _listing(
        f"{_VISIBLE} AND w.search_words @@ {_QUERY}",
        f"ts_rank(w.search_words, {_QUERY}) DESC, {_DISPLAY_ORDER}",
    ),
)


def list_walkthroughs(
    database: Database, caller: Caller, *, query: str | None = None, page: int = 1
) -> CatalogPage:
    """Return a page of what the caller's server offers, with the learner's progress.

    Without *query* in display order; with one, what has any of its words in title or description,
    best first. A page behind the last one is empty.
    """
    statement, values = _question(caller, query, page)
    given = {f"p{number}": value for number, value in enumerate(values, 1)}
    with database.autocommit() as connection:
        row = connection.exec_driver_sql(statement.unprepared, given).one()
    return _page_of(row, caller, page)


async def read_catalog(
    prepared: Prepared, caller: Caller, query: str | None = None, page: int = 1
) -> CatalogPage:
    """Return the same page, on the event loop.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    statement, values = _question(caller, query, page)
    return _page_of(await prepared.fetch(statement, *values), caller, page)


def _question(caller: Caller, query: str | None, page: int) -> tuple[Statement, tuple[object, ...]]:
    skipped = PAGE_SIZE * (page - 1)
    values = caller.organization_id, caller.server_id, caller.learner_id, skipped
    if query is None:
        return LIST_ALL, values
    return LIST_FOUND, (*values, query.replace("\0", " "))  # PostgreSQL takes none


def _page_of(row: Sequence[Any] | None, caller: Caller, page: int) -> CatalogPage:
    """Return the page that a statement found: the number of all, and its rows as JSON."""
    total, rows = row or (None, None)
    knows_learner = caller.learner_id is not None
    cards = tuple(_card(knows_learner, *each) for each in json.loads(rows or "[]"))
    return CatalogPage(cards, total or 0, page, PAGE_SIZE)


def _card(
    knows_learner: bool,
    walkthrough_id: str,
    title: str,
    description: str | None,
    steps: int,
    minutes: int | None,
    status: str | None,
    completed: int,
) -> CatalogEntry:
    entry = walkthrough_id, title, description, steps, minutes
    if not knows_learner:
        return CatalogEntry(*entry)
    state = ProgressStatus(status or ProgressStatus.NOT_STARTED)
    return CatalogEntry(*entry, state, completed, percent_of(completed, steps))
