"""Say how to sign in: the documents that clients look for at well-known addresses.

Only servers with sign-in have them. Anywhere else they are absent, since clients that find one ask
everybody to sign in.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from walkthroughs.addresses import RESOURCE_METADATA, SCOPE, SignInAddresses
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.hosts import hostname
from walkthroughs.mcp_server import texts
from walkthroughs.mcp_server.refusals import Refused, send_json, send_refusal
from walkthroughs.mcp_server.tenant import Tenant, TenantLookup, address_of
from walkthroughs.settings import Settings

_RESOURCE = RESOURCE_METADATA.rpartition("/")[2]
_KIND = rf"/\.well-known/({_RESOURCE}|oauth-authorization-server|openid-configuration)"
_SLUG = r"([a-z0-9-]{2,63})"
#: A document of a server on the base domain: the path of the server inserted, or before it.
_INSERTED, _APPENDED = rf"{_KIND}/s/{_SLUG}/mcp/?", rf"/s/{_SLUG}/mcp{_KIND}/?"
#: One of a server on a host of its own. `/mcp` is the path of the resource, not of its issuer.
_AT_ROOT, _OF_RESOURCE = rf"{_KIND}/?", rf"/\.well-known/({_RESOURCE})/mcp/?"
_METHODS = ("client_secret_basic", "client_secret_post", "none")
#: What lets pages of any site read an answer. There is nothing in it that is not public.
READABLE = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"*, Authorization"),
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-max-age", b"600"),
)
_RETRY_SECONDS = 2


class Discovery:
    """Answers with the documents of servers with sign-in: an ASGI application.

    Args:
        settings: the public origin.
        directory: finds servers.
        nowhere: answers all other requests.
    """

    def __init__(self, settings: Settings, directory: TenantLookup, nowhere: ASGIApp) -> None:
        self._settings, self._directory, self._nowhere = settings, directory, nowhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asked = document_asked_for(scope["path"])
        if asked is None or scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
            await self._nowhere(scope, receive, send)
            return
        try:
            document = await self._document(scope, *asked)
        except DatabaseUnavailable:
            retry = (b"retry-after", str(_RETRY_SECONDS).encode())
            await send_refusal(send, Refused(503, texts.UNAVAILABLE, [*READABLE, retry]))
            return
        except Refused:
            document = None
        if document is None:
            await self._nowhere(scope, receive, send)
            return
        await send_json(send, 200, document, READABLE)

    async def _document(self, scope: Scope, kind: str, slug: str | None) -> dict[str, Any] | None:
        named = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        base_host, base_url = self._settings.base_host, self._settings.base_url
        address = address_of(base_host, hostname(f"//{named}"), slug)
        tenant = (await self._directory.find(address)).tenant
        if tenant is None or not tenant.has_sign_in:
            return None
        addresses = address.sign_in(base_url, base_host, slug)
        if kind == _RESOURCE:
            return resource_document(addresses, tenant)
        return server_document(addresses, client_documents=self._settings.client_documents)


def document_asked_for(path: str) -> tuple[str, str | None] | None:
    """Return which document *path* names, and the slug in it; none if it names no document."""
    if found := re.fullmatch(_INSERTED, path):
        return found[1], found[2]
    if found := re.fullmatch(_APPENDED, path):
        return found[2], found[1]
    if found := re.fullmatch(_AT_ROOT, path) or re.fullmatch(_OF_RESOURCE, path):
        return found[1], None
    return None


def resource_document(addresses: SignInAddresses, tenant: Tenant) -> dict[str, Any]:
    """Return the metadata of a protected resource (RFC 9728)."""
    return {
        "resource": addresses.resource,
        "authorization_servers": [addresses.issuer],
        "scopes_supported": [SCOPE],
        "bearer_methods_supported": ["header"],
        "resource_name": tenant.name,
    }


def server_document(addresses: SignInAddresses, *, client_documents: bool) -> dict[str, Any]:
    """Return the metadata of an authorization server (RFC 8414)."""
    document: dict[str, Any] = {
        "issuer": addresses.issuer,
        "authorization_endpoint": f"{addresses.endpoints}/authorize",
        "token_endpoint": f"{addresses.endpoints}/token",
        "registration_endpoint": f"{addresses.endpoints}/register",
        "revocation_endpoint": f"{addresses.endpoints}/revoke",
        "scopes_supported": [SCOPE],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": _METHODS,
        "revocation_endpoint_auth_methods_supported": _METHODS,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
    if client_documents:
        document["client_id_metadata_document_supported"] = True
    return document
