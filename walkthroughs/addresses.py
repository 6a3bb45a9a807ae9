"""The addresses that people and programs are given, below the public origin (*base_url*)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

#: A name in an address: of an organization, a server, a walkthrough or a step. Match all of it.
SLUG_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
#: Slugs that would stand where people expect the operator's own pages, or a mail server.
RESERVED_SLUGS = frozenset(
    {
        "admin", "api", "app", "assets", "autoconfig", "autodiscover", "blog", "cdn", "docs", "ftp",
        "handrail", "help", "imap", "localhost", "login", "mail", "mta-sts", "ns", "ns1", "ns2",
        "pop", "smtp", "static", "status", "support", "webmail", "wpad", "www",
    }
)  # fmt: skip
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
#: A host name of the Internet: its last label has a letter, so an IP address is none.
_DOMAIN_PATTERN = re.compile(rf"(?=.{{4,253}}\Z)({_LABEL}\.)+(?=[^.]*[a-z]){_LABEL}")
#: Names that are never on the Internet (RFC 6761, 6762, 8375).
_PRIVATE_ENDINGS = (".localhost", ".local", ".internal", ".test", ".invalid", ".home.arpa")
#: Where clients look for what protects a resource (RFC 9728).
RESOURCE_METADATA = "/.well-known/oauth-protected-resource"
#: Where the dashboard is; an organization's part of it is at `/o/<slug>/admin`.
ADMIN = "/admin"
#: What an app is allowed that a learner has signed in with: all that there is.
SCOPE = "learn"
EMAIL_PATTERN = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def is_dashboard(path: str) -> bool:
    """Return whether *path* is one of the dashboard, with or without an organization."""
    parts = path.split("/", 4)
    return parts[1:2] == [ADMIN[1:]] or (parts[1:2] == ["o"] and parts[3:4] == [ADMIN[1:]])


def slug_fault(slug: str) -> str | None:
    """Return what is wrong with a slug of an MCP server, as a sentence; none if nothing is."""
    if not SLUG_PATTERN.fullmatch(slug):
        return "Use 2 to 63 small letters, digits and hyphens, and begin with a letter or a digit."
    if slug in RESERVED_SLUGS or slug.startswith("xn--"):
        return f'"{slug}" is reserved. Choose another, such as {slug.removeprefix("xn--")}-learn.'
    return None


def domain_fault(domain: str, base_host: str) -> str | None:
    """Return what is wrong with a server's own domain, as a sentence; none if nothing is."""
    if not _DOMAIN_PATTERN.fullmatch(domain) or domain.endswith(_PRIVATE_ENDINGS):
        return "Give a host name in small letters, such as learn.example.com, and nothing else."
    if domain == base_host or domain.endswith(f".{base_host}"):
        return f"{base_host} and the names below it lead here already. Give a domain of your own."
    return None


def domain_record(domain: str) -> str:
    """Return the name of the TXT record whose text is the id of the server that has *domain*."""
    return f"_handrail.{domain}"


def server_base(base_url: str, slug: str) -> str:
    """Return what the addresses of an MCP server and of its pictures begin with."""
    return f"{base_url}/s/{slug}"


def server_address(base_url: str, slug: str, domain: str | None = None) -> str:
    """Return the address of an MCP server, the one for everybody; on a *domain* of its own."""
    return f"https://{domain}/mcp" if domain else f"{server_base(base_url, slug)}/mcp"


@dataclass(frozen=True, slots=True)
class SignInAddresses:
    """Where programs find out how to sign in to an MCP server, and do it.

    Attributes:
        resource: the MCP server itself.
        issuer: the name of its authorization server.
        endpoints: what the addresses of the authorization server's endpoints begin with.
        resource_metadata: the document that names the issuer.
    """

    resource: str
    issuer: str
    endpoints: str
    resource_metadata: str


@lru_cache(maxsize=1024)
def sign_in_addresses(
    base_url: str, *, slug: str | None = None, host: str | None = None
) -> SignInAddresses:
    """Return the addresses of a server with this *slug* on the base domain, or on its own *host*.

    Scheme and port are those of *base_url*: behind a proxy, a request does not tell them.
    """
    if slug is not None:
        resource = server_address(base_url, slug)
        metadata = f"{base_url}{RESOURCE_METADATA}/s/{slug}/mcp"
        return SignInAddresses(resource, resource, f"{base_url}/s/{slug}/oauth", metadata)
    base = urlsplit(base_url)
    origin = f"{base.scheme}://{host}:{base.port}" if base.port else f"{base.scheme}://{host}"
    return SignInAddresses(
        f"{origin}/mcp", origin, f"{origin}/oauth", f"{origin}{RESOURCE_METADATA}/mcp"
    )


def provider_callback(base_url: str, slug: str) -> str:
    """Return where a provider of OpenID Connect sends a server's learners back to."""
    return f"{sign_in_addresses(base_url, slug=slug).endpoints}/callback"


def personal_link(base_url: str, slug: str, token: str, domain: str | None = None) -> str:
    """Return a learner's own address of an MCP server. It is a secret: never log it."""
    return f"{server_address(base_url, slug, domain)}/u/{token}"


def password_link(base_url: str, token: str) -> str:
    """Return where a member of the dashboard chooses a password. It is a secret, too."""
    return f"{base_url}{ADMIN}/password/{token}"


def invitation_link(base_url: str, token: str) -> str:
    """Return where somebody joins an organization of the dashboard. It is a secret, too."""
    return f"{base_url}{ADMIN}/invitations/{token}"


def webhook_address(base_url: str, source_id: str) -> str:
    """Return where a Git host announces that the branch of a content source has moved."""
    return f"{base_url}/webhooks/git/{source_id}"


def merge_check_address(base_url: str, source_id: str) -> str:
    """Return where an author's CI asks what a merge would change."""
    return f"{base_url}/check/{source_id}"
