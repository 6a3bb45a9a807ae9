"""Which MCP server a request is for, and which learner sends it.

Answers are kept for a moment, so that the ordinary step call asks the database
nothing but the step. A change takes effect within that moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from cachetools import TTLCache
from sqlalchemy import text

from walkthroughs.catalog import VISIBLE
from walkthroughs.db import Database

#: How long a revoked link, a renamed or a switched-off server may still answer.
CACHE_SECONDS = 2.0
_KEPT = 10_000

_FIND = text(
    f"""
    WITH server AS (
      SELECT s.* FROM mcp_servers s
       WHERE s.slug = :slug OR s.custom_domain = :domain
    )
    SELECT s.id, s.organization_id, s.slug, s.name, s.instructions,
           s.walkthrough_tools_enabled AND EXISTS (
             SELECT FROM walkthroughs w WHERE {VISIBLE}
           ) AS offers_tools,
           (SELECT l.mcp_server_user_id FROM personal_links l
             WHERE l.organization_id = s.organization_id AND l.mcp_server_id = s.id
               AND l.token_hash = :token_hash AND l.revoked_at IS NULL) AS learner_id
      FROM server s
    """.replace(":organization_id", "s.organization_id").replace(":server_id", "s.id")  # noqa: S608  VISIBLE is a constant
)


@dataclass(frozen=True, slots=True)
class Address:
    """What a request names: a server by slug or by domain, and perhaps a link by its hash."""

    slug: str | None = None
    domain: str | None = None
    token_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Tenant:
    """An MCP server as its callers see it."""

    server_id: str
    organization_id: str
    slug: str
    name: str
    instructions: str | None
    offers_tools: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What an address leads to. No tenant: nothing."""

    tenant: Tenant | None
    learner_id: str | None = None


class Directory:
    """Looks addresses up. Safe to share between threads."""

    def __init__(self, database: Database, cache_seconds: float = CACHE_SECONDS) -> None:
        self._database = database
        self._lock = Lock()
        self._kept: TTLCache[Address, Found] = TTLCache(_KEPT, cache_seconds)

    def recall(self, address: Address) -> Found | None:
        """Return the answer if it was asked for a moment ago; never waits."""
        with self._lock:
            return self._kept.get(address)

    def find(self, address: Address) -> Found:
        """Ask the database, in one round trip."""
        found = self._database.attempt(lambda: self._read(address))
        with self._lock:
            self._kept[address] = found
        return found

    def _read(self, address: Address) -> Found:
        keys = {
            "slug": address.slug,
            "domain": address.domain,
            "token_hash": address.token_hash,
        }
        with self._database.reading() as connection:
            row = connection.execute(_FIND, keys).one_or_none()
        if row is None:
            return Found(None)
        tenant = Tenant(
            server_id=row.id,
            organization_id=row.organization_id,
            slug=row.slug,
            name=row.name,
            instructions=row.instructions,
            offers_tools=row.offers_tools,
        )
        return Found(tenant, row.learner_id)
