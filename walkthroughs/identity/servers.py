"""MCP servers: by the slug that operators type, and by the host and path of a request."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.addresses import (
    SLUG_PATTERN,
    SignInAddresses,
    provider_callback,
    sign_in_addresses,
)
from walkthroughs.enums import AuthType
from walkthroughs.errors import NotFound
from walkthroughs.hosts import hostname, is_same_host, server_of_host
from walkthroughs.identity.sign_in_server import SignInServer, plain_address
from walkthroughs.models.oidc import OidcProvider
from walkthroughs.models.servers import McpServer
from walkthroughs.models.tenancy import Organization
from walkthroughs.settings import Settings


def find_server(session: Session, slug: str) -> McpServer:
    """Return the MCP server with this slug.

    Raises:
        NotFound: there is none.
    """
    server: McpServer | None = session.scalar(select(McpServer).where(McpServer.slug == slug))
    if server is None:
        raise NotFound(f'There is no MCP server "{slug}". See: flask servers list')
    return server


def find_sign_in_server(
    session: Session, settings: Settings, host: str, slug: str | None
) -> SignInServer | None:
    """Return the server with sign-in that a request names; none if there is none.

    Args:
        session: of a transaction.
        settings: the public origin.
        host: what the request calls this host, perhaps with a port.
        slug: the server's slug, if the path has it.
    """
    named = hostname(f"//{host}")
    if slug is None:
        by_slug, by_domain = server_of_host(settings.base_host, named)
    elif is_same_host(named, settings.base_host) and SLUG_PATTERN.fullmatch(slug):
        by_slug, by_domain = slug, None
    else:
        return None
    query = (
        select(McpServer, Organization.name, OidcProvider.name)
        .join(Organization, Organization.id == McpServer.organization_id)
        .outerjoin(
            OidcProvider,
            (OidcProvider.organization_id == McpServer.organization_id)
            & (OidcProvider.id == McpServer.oidc_provider_id),
        )
        .where(McpServer.auth_type != AuthType.PERSONAL_LINK)
    )
    if by_slug is not None:
        query = query.where(McpServer.slug == by_slug)
    else:
        is_verified = McpServer.domain_verified_at.is_not(None)
        query = query.where(McpServer.custom_domain == by_domain, is_verified)
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    server, organization, provider = found
    at_path, *own = _all_addresses(settings, server)
    here = next((each for each in own if hostname(each.issuer) == named), at_path)
    return SignInServer(
        server.id,
        server.organization_id,
        organization,
        server.name,
        at_path if slug is not None else here,
        frozenset(
            plain_address(name) for each in (at_path, *own) for name in (each.resource, each.issuer)
        ),
        provider_callback(settings.base_url, server.slug),
        server.oidc_provider_id,
        provider,
    )


def _all_addresses(settings: Settings, server: McpServer) -> list[SignInAddresses]:
    base = settings.base_url
    hosts = [f"{server.slug}.{settings.base_host}"]
    if server.custom_domain and server.domain_verified_at:
        hosts.append(server.custom_domain)
    return [
        sign_in_addresses(base, slug=server.slug),
        *(sign_in_addresses(base, host=host) for host in hosts),
    ]
