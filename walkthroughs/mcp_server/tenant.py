"""Which MCP server a request is for, and which learner sends it.

Servers are kept for a moment, and a change takes effect within it. Whose a link or a token is never
changes, so that is kept for longer: the ordinary step call checks it in its own statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from cachetools import LRUCache, TTLCache

from walkthroughs.addresses import SLUG_PATTERN, SignInAddresses, sign_in_addresses
from walkthroughs.crypto import hash_token
from walkthroughs.database.prepared import Prepared, Statement
from walkthroughs.enums import AuthType, SignIn
from walkthroughs.hosts import is_same_host, server_of_host
from walkthroughs.ids import now_ms
from walkthroughs.learning.access_tokens import grant_of_token_sql
from walkthroughs.learning.visibility import visible_sql
from walkthroughs.mcp_server.refusals import Refused

#: How long a revoked link, a renamed or a switched-off server may still answer.
CACHE_SECONDS = 2.0
_MAX_SERVERS = 1_000
#: About 500 bytes each. With a million steps an hour, and one of each learner in five minutes,
#: 83,000 learners call before the same one does again. Who is forgotten costs a second round trip.
_MAX_OWNERS = 100_000
_ServerKey = tuple[str | None, str | None]
NOT_HERE = (
    "There is no MCP server at this address, or the personal link in it has ended. "
    "Check the address, or ask the people who gave it to you for a new one."
)

#: By slug, by domain; the hashes of a personal link and of a token; the time.
FIND_TENANT = Statement(
    "handrail_find",
    ("text", "text", "text", "text", "bigint"),
    f"""
    SELECT s.id, s.organization_id, s.slug, s.name, s.instructions, s.walkthrough_tools_enabled,
           s.pace_seconds, s.auth_type, s.sign_in,
           (SELECT l.mcp_server_user_id FROM personal_links l
             WHERE l.organization_id = s.organization_id AND l.mcp_server_id = s.id
               AND l.token_hash = $3 AND l.revoked_at IS NULL) AS learner_id,
           b.mcp_server_user_id, b.expires_at
      FROM mcp_servers s
      LEFT JOIN LATERAL (
        SELECT g.mcp_server_user_id, t.expires_at
        {grant_of_token_sql("s.organization_id", "s.id", "$4", "$5")}) b
        ON $4 IS NOT NULL AND s.auth_type <> 'personal_link'
     WHERE s.slug = $1 OR (s.custom_domain = $2 AND s.domain_verified_at IS NOT NULL)
    """,  # noqa: S608  constants
)
_TITLES = 10
#: Organization and server: the first titles on offer, and how many walkthroughs there are.
OFFERED = Statement(
    "handrail_offered",
    ("text", "text"),
    f"""
    SELECT to_jsonb(ARRAY(SELECT w.title FROM walkthroughs w
                            JOIN mcp_server_walkthroughs o ON o.organization_id = w.organization_id
                             AND o.walkthrough_id = w.id AND o.mcp_server_id = $2
                           WHERE {visible_sql("$1", "$2")}
                           ORDER BY o.display_order, w.title, w.id LIMIT {_TITLES})),
           (SELECT count(*) FROM walkthroughs w WHERE {visible_sql("$1", "$2")})
    """,  # noqa: S608  constants
)


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """What a request names: a server by slug or domain; perhaps a link or a token by its hash."""

    slug: str | None = None
    domain: str | None = None
    token_hash: str | None = None
    bearer_hash: str | None = None

    @property
    def server(self) -> _ServerKey:
        """Return it without the link and the token."""
        return self.slug, self.domain

    def sign_in(self, base_url: str, base_host: str, slug: str | None) -> SignInAddresses:
        """Return where to sign in to the server, with *slug* if the path of the request has one."""
        host = self.domain or f"{self.slug}.{base_host}"
        return sign_in_addresses(base_url, slug=slug, host=host)


def address_of(
    base_host: str,
    host: str,
    slug: str | None,
    token: str | None = None,
    bearer: str | None = None,
) -> ServerAddress:
    """Return what a request to *host* names, with *slug* and *token* if its path has them.

    A *bearer* token is that of a sign-in. Who comes by a personal link needs none.

    Raises:
        Refused: the path has a slug, and the host serves none or it cannot be one.
    """
    token_hash = hash_token(token) if token else None
    bearer_hash = hash_token(bearer) if bearer is not None and not token else None
    if slug is not None:
        if not is_same_host(host, base_host):
            raise Refused(421, "This host serves no addresses of the form /s/<server>/mcp.")
        if not SLUG_PATTERN.fullmatch(slug):
            raise Refused(404, NOT_HERE)
        return ServerAddress(slug, None, token_hash, bearer_hash)
    return ServerAddress(*server_of_host(base_host, host), token_hash, bearer_hash)


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
    auth_type: str
    sign_in: str

    @property
    def has_sign_in(self) -> bool:
        """Return whether learners sign in here. Personal links work on every server."""
        return self.auth_type != AuthType.PERSONAL_LINK

    @property
    def asks_at_connect(self) -> bool:
        """Return whether nobody is served without a sign-in or a personal link."""
        return self.has_sign_in and self.sign_in == SignIn.AT_CONNECT


@dataclass(frozen=True, slots=True)
class LookupResult:
    """What an address leads to. No tenant: nothing."""

    tenant: Tenant | None
    learner_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose a link or a token is, and when the database said so, in seconds of `time.monotonic`.

    A token also expires, at a time in epoch milliseconds.
    """

    learner_id: str
    checked_at: float
    expires_at: int | None


class TenantLookup:
    """Looks addresses up. For one event loop."""

    def __init__(self, prepared: Prepared, cache_seconds: float = CACHE_SECONDS) -> None:
        self._prepared, self._cache_seconds = prepared, cache_seconds
        self._servers: TTLCache[_ServerKey, Tenant] = TTLCache(_MAX_SERVERS, cache_seconds)
        self._owners: LRUCache[tuple[str, str, str], _Owner] = LRUCache(_MAX_OWNERS)
        #: As they were when they were last asked for. Nothing is decided by it but turns.
        self._seen: LRUCache[_ServerKey, Tenant] = LRUCache(_MAX_SERVERS)

    async def find(self, address: ServerAddress, *, checks_link: bool = False) -> LookupResult:
        """Return the answer of a moment ago, or ask the database, in one round trip.

        Args:
            address: what to look up.
            checks_link: whether what follows checks the link or the token itself, so that it may
                have ended.

        Raises:
            DatabaseUnavailable: the database does not answer.
        """
        return self._known(address, checks_link=checks_link) or await self.ask(address)

    def forget_servers(self) -> None:
        """Ask the database about every server again: what is known of one may have changed."""
        self._servers.clear()

    def turn(self, address: ServerAddress, host: str) -> tuple[str, str]:
        """Return the organization of the address, or an empty text; and its caller on *host*.

        The organization is known if its link or token was seen before, or is none; the caller is
        that learner, or the host. Others are told apart by their links; not by tokens, of which
        anybody can send a new one each time. It may have changed or ended since: nobody is asked.
        """
        tenant = self._seen.get(address.server)
        if tenant is None:
            return "", address.token_hash or host
        if not _names_learner(tenant, address):
            return tenant.organization_id, f"{tenant.server_id} {host}"
        owner = self._owners.get(_owner_key(tenant, address))
        if owner is None:
            return "", address.token_hash or host
        return tenant.organization_id, owner.learner_id

    async def ask(self, address: ServerAddress) -> LookupResult:
        """Ask the database, whatever is known.

        Raises:
            DatabaseUnavailable: the database does not answer.
        """
        row = await self._prepared.fetch(
            FIND_TENANT,
            address.slug,
            address.domain,
            address.token_hash,
            address.bearer_hash,
            now_ms(),
        )
        if row is None:
            return LookupResult(None)
        tenant, (by_link, by_token, expires_at) = Tenant(*row[:9]), row[9:]
        learner_id = by_link or by_token
        self._servers[address.server] = self._seen[address.server] = tenant
        if learner_id:
            self._owners[_owner_key(tenant, address)] = _Owner(learner_id, monotonic(), expires_at)
        elif _names_learner(tenant, address):  # it may have ended: who has it is nobody
            self._owners.pop(_owner_key(tenant, address), None)
        return LookupResult(tenant, learner_id)

    def _known(self, address: ServerAddress, *, checks_link: bool) -> LookupResult | None:
        tenant = self._servers.get(address.server)
        if tenant is None:
            return None
        if not _names_learner(tenant, address):
            return LookupResult(tenant)
        owner = self._owners.get(_owner_key(tenant, address))
        if owner is None or (owner.expires_at is not None and owner.expires_at <= now_ms()):
            return None
        if checks_link or monotonic() - owner.checked_at < self._cache_seconds:
            return LookupResult(tenant, owner.learner_id)
        return None


def _names_learner(tenant: Tenant, address: ServerAddress) -> bool:
    return bool(address.token_hash or (address.bearer_hash and tenant.has_sign_in))


def _owner_key(tenant: Tenant, address: ServerAddress) -> tuple[str, str, str]:
    """Return a key in which a link's secret that is sent as a token is not the link."""
    return tenant.server_id, address.token_hash or "", address.bearer_hash or ""
