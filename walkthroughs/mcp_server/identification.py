"""Whom a request is for and from: the server of its address, the learner of its link or token."""

from __future__ import annotations

from starlette.types import Scope

from walkthroughs.addresses import server_base
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.hosts import calling_address, hostname, own_origin
from walkthroughs.learning.caller import Caller
from walkthroughs.mcp_server.authorization import LearnerSignIn, bearer_token, learner_sign_in
from walkthroughs.mcp_server.call import Call
from walkthroughs.mcp_server.incoming import opens_get
from walkthroughs.mcp_server.refusals import ONLY_POST, Refused
from walkthroughs.mcp_server.tenant import (
    NOT_HERE,
    LookupResult,
    ServerAddress,
    Tenant,
    TenantLookup,
    address_of,
)


class Identification:
    """Finds out whom requests are for and from.

    Args:
        base_host: the host whose paths and subdomains are servers.
        base_url: the public origin of it.
        directory: finds servers and learners.
    """

    def __init__(self, base_host: str, base_url: str, directory: TenantLookup) -> None:
        self._base_host, self._base_url, self._directory = base_host, base_url, directory

    def address(self, scope: Scope, headers: dict[bytes, bytes]) -> ServerAddress:
        """Return what the request names. Asks nobody.

        Raises:
            Refused: the host serves no such addresses, or it cannot be one.
        """
        path, host = scope["path_params"], hostname(f"//{_host(headers)}")
        link, bearer = path.get("token"), bearer_token(headers)
        return address_of(self._base_host, host, path.get("slug"), link, bearer)

    def turn(self, address: ServerAddress, scope: Scope) -> tuple[str, str]:
        """Return whose turn a call takes, and what tells its caller from others. Asks nobody.

        Callers of an organization share a turn, and so do all who are new. Who is not known yet
        may be nobody: guessing links must delay no organization's learners.
        """
        return self._directory.turn(address, calling_address(scope))

    async def identify(
        self, address: ServerAddress, scope: Scope, headers: dict[bytes, bytes], step_call: bool
    ) -> Call | None:
        """Return whom the request is for and from; none while the database is away.

        Raises:
            Refused: there is no such server or link, it needs a sign-in, or it is no POST.
        """
        slug = scope["path_params"].get("slug")
        found = await self._find(address, step_call)
        unknown = found is not None and found.tenant is None
        if unknown or (found and address.token_hash and found.learner_id is None):
            raise Refused(421 if unknown and slug is None else 404, NOT_HERE)
        is_preflight = scope["method"] == "OPTIONS"  # browsers send it without a token
        sign_in = None if is_preflight else self._sign_in(found, address, slug, headers)
        if scope["method"] != "POST" and not opens_get(scope, headers):
            raise Refused(405, ONLY_POST)
        if found is None or found.tenant is None:
            return None
        base = (
            server_base(self._base_url, slug)
            if slug
            else own_origin(self._base_url, _host(headers))
        )
        caller = _caller(found.tenant, found.learner_id, address, base)
        return Call(address, found.tenant, caller, step_call, sign_in)

    def _sign_in(
        self,
        found: LookupResult | None,
        address: ServerAddress,
        slug: str | None,
        headers: dict[bytes, bytes],
    ) -> LearnerSignIn | None:
        """Return what the request brings to a server with sign-in; none if it needs nothing.

        Raises:
            Refused: it needs a sign-in, or its token is no good.
        """
        tenant = found.tenant if found else None
        if found is None or tenant is None or not tenant.has_sign_in or address.token_hash:
            return None
        addresses = address.sign_in(self._base_url, self._base_host, slug)
        has_token = address.bearer_hash is not None
        late = not tenant.asks_at_connect
        sign_in = learner_sign_in(addresses, headers, has_token=has_token, late=late)
        if found.learner_id is None and (has_token or not late):
            raise sign_in.refusal()
        return sign_in

    async def asks_at_connect(self, scope: Scope) -> bool:
        """Return whether the request is to a server that serves nobody without a sign-in."""
        host = hostname(f"//{_host(dict(scope['headers']))}")
        try:
            address = address_of(self._base_host, host, scope["path_params"].get("slug"))
        except Refused:
            return False
        found = await self._find(address, checks_link=False)
        return bool(found and found.tenant and found.tenant.asks_at_connect)

    async def _find(self, address: ServerAddress, checks_link: bool) -> LookupResult | None:
        try:
            return await self._directory.find(address, checks_link=checks_link)
        except DatabaseUnavailable:
            return None


def _host(headers: dict[bytes, bytes]) -> str:
    return headers.get(b"host", b"").decode("latin-1")


def _caller(tenant: Tenant, learner_id: str | None, address: ServerAddress, base: str) -> Caller:
    return Caller(
        tenant.organization_id,
        tenant.server_id,
        learner_id,
        tenant.pace_seconds,
        address.token_hash,
        base,
        address.bearer_hash if learner_id else None,
    )
