"""Which MCP server a request is for, and which learner sends it.

Answers are kept for a moment, so that the ordinary step call asks the database
nothing but the step. A change takes effect within that moment.
"""

from __future__ import annotations

from dataclasses import dataclass

from cachetools import TTLCache

from walkthroughs.catalog import visible_sql
from walkthroughs.prepared import Prepared, Statement

#: How long a revoked link, a renamed or a switched-off server may still answer.
CACHE_SECONDS = 2.0
_KEPT = 10_000

#: By slug, by domain; and the hash of a personal link.
FIND = Statement(
    "handrail_find",
    ("text", "text", "text"),
    """
    SELECT s.id, s.organization_id, s.slug, s.name, s.instructions, s.walkthrough_tools_enabled,
           s.pace_seconds,
           (SELECT l.mcp_server_user_id FROM personal_links l
             WHERE l.organization_id = s.organization_id AND l.mcp_server_id = s.id
               AND l.token_hash = $3 AND l.revoked_at IS NULL) AS learner_id
      FROM mcp_servers s
     WHERE s.slug = $1 OR s.custom_domain = $2
    """,
)
_TITLES = 10
#: Organization and server: the first titles on offer, and how many walkthroughs there are.
OFFERED = Statement(
    "handrail_offered",
    ("text", "text"),
    f"""
    SELECT ARRAY(SELECT w.title FROM walkthroughs w
                   JOIN mcp_server_walkthroughs o ON o.organization_id = w.organization_id
                    AND o.walkthrough_id = w.id AND o.mcp_server_id = $2
                  WHERE {visible_sql("$1", "$2")}
                  ORDER BY o.display_order, w.title, w.id LIMIT {_TITLES}),
           (SELECT count(*) FROM walkthroughs w WHERE {visible_sql("$1", "$2")})
    """,  # noqa: S608  constants
)


@dataclass(frozen=True, slots=True)
class Address:
    """What a request names: a server by slug or by domain, and perhaps a link by its hash."""

    slug: str | None = None
    domain: str | None = None
    token_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Tenant:
    """An MCP server as its callers see it. The fields stand as `FIND` returns them."""

    server_id: str
    organization_id: str
    slug: str
    name: str
    instructions: str | None
    tools_enabled: bool
    pace_seconds: int


@dataclass(frozen=True, slots=True)
class Found:
    """What an address leads to. No tenant: nothing."""

    tenant: Tenant | None
    learner_id: str | None = None


class Directory:
    """Looks addresses up. For one event loop."""

    def __init__(self, prepared: Prepared, cache_seconds: float = CACHE_SECONDS) -> None:
        self._prepared = prepared
        self._kept: TTLCache[Address, Found] = TTLCache(_KEPT, cache_seconds)

    async def find(self, address: Address) -> Found:
        """Return the answer of a moment ago, or ask the database, in one round trip.

        Raises:
            One of `prepared.AWAY`: the database does not answer.
        """
        found = self._kept.get(address)
        if found is None:
            row = await self._prepared.fetch(FIND, address.slug, address.domain, address.token_hash)
            found = Found(Tenant(*row[:7]), row[7]) if row else Found(None)
            self._kept[address] = found
        return found
