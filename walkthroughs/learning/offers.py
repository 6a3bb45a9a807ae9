"""What a server offers, as its lists of prompts and resources need it. One statement each."""

from __future__ import annotations

from walkthroughs.database.prepared import Prepared, Statement
from walkthroughs.ids import now_ms
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.catalog import PAGE_SIZE
from walkthroughs.learning.views import Offer, OfferPage
from walkthroughs.learning.visibility import visible_sql

_VISIBLE = visible_sql("$1", "$2")
# Names are unique in the organization, so that another assignment changes none.
_IS_OLDEST = """NOT EXISTS (
      SELECT FROM walkthroughs e
       WHERE e.organization_id = $1 AND e.external_id = w.external_id
         AND (e.created_at, e.id) < (w.created_at, w.id))"""

#: Organization, server, how many to pass over.
OFFERED_PAGE = Statement(
    "handrail_offered_page",
    ("text", "text", "bigint"),
    f"""
    WITH page AS MATERIALIZED (
      SELECT w.id, w.external_id, w.title, w.description, w.created_at,
             count(*) OVER () AS total,
             row_number() OVER (ORDER BY o.display_order, w.title, w.id) AS place
        FROM walkthroughs w
        JOIN mcp_server_walkthroughs o ON o.organization_id = w.organization_id
         AND o.walkthrough_id = w.id AND o.mcp_server_id = $2
       WHERE {_VISIBLE}
       ORDER BY place LIMIT {PAGE_SIZE} OFFSET $3
    ), oldest AS MATERIALIZED (
      SELECT DISTINCT ON (e.external_id) e.id
        FROM walkthroughs e
       WHERE e.organization_id = $1 AND e.external_id = ANY (ARRAY(SELECT external_id FROM page))
       ORDER BY e.external_id, e.created_at, e.id
    )
    SELECT max(total), jsonb_agg(jsonb_build_array(
             id, external_id, title, description, id IN (SELECT id FROM oldest)) ORDER BY place)
      FROM page
    """,  # noqa: S608  constants
)
#: Organization, server, an author's id, a suffix or null. With a suffix the id is not looked at.
FIND_OFFERED = Statement(
    "handrail_find_offered",
    ("text", "text", "text", "text"),
    f"""
    SELECT w.id, w.external_id, w.title, w.description, {_IS_OLDEST}
      FROM walkthroughs w
     WHERE {_VISIBLE}
       AND CASE WHEN $4 IS NULL THEN w.external_id = $3 AND {_IS_OLDEST}
                ELSE substr(encode(sha256(convert_to(w.id, 'UTF8')), 'hex'), 1, length($4)) = $4
           END
     ORDER BY w.created_at, w.id LIMIT 1
    """,  # noqa: S608  constants
)
#: Organization, server, learner, now. A time that lies ahead was noted before the clock was set
#: back: it says nothing.
LAST_OPEN = Statement(
    "handrail_last_open",
    ("text", "text", "text", "bigint"),
    f"""
    SELECT w.id, w.external_id, w.title, w.description, {_IS_OLDEST}
      FROM walkthrough_progress p
      JOIN walkthroughs w ON w.organization_id = p.organization_id AND w.id = p.walkthrough_id
     WHERE p.organization_id = $1 AND p.mcp_server_user_id = $3 AND p.status = 'in_progress'
       AND {_VISIBLE}
     ORDER BY p.active_at > $4 + 5000, p.active_at DESC LIMIT 1
    """,  # noqa: S608  constants
)


async def read_offers(prepared: Prepared, caller: Caller, page: int) -> OfferPage:
    """Return a page of what the caller's server offers. Pages count from 1.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    skipped = PAGE_SIZE * (page - 1)
    row = await prepared.fetch(OFFERED_PAGE, caller.organization_id, caller.server_id, skipped)
    total, rows = row or (None, None)
    offers = tuple(Offer(*each) for each in rows or ())
    return OfferPage(offers, skipped + len(offers) < (total or 0))


async def find_offer(
    prepared: Prepared, caller: Caller, author_id: str, suffix: str | None
) -> Offer | None:
    """Return the walkthrough with that suffix, else the oldest one with that author's id.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    row = await prepared.fetch(
        FIND_OFFERED, caller.organization_id, caller.server_id, author_id, suffix
    )
    return Offer(*row) if row else None


async def last_open(prepared: Prepared, caller: Caller) -> Offer | None:
    """Return what the learner did last, of what is in progress and offered here.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    row = await prepared.fetch(
        LAST_OPEN, caller.organization_id, caller.server_id, caller.learner_id, now_ms()
    )
    return Offer(*row) if row else None
