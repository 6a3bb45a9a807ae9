"""The addresses that people and programs are given, below the public origin (*base_url*)."""

from __future__ import annotations

import re

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
EMAIL_PATTERN = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


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


def server_address(base_url: str, slug: str) -> str:
    """Return the address of an MCP server, the one for everybody."""
    return f"{server_base(base_url, slug)}/mcp"


def personal_link(base_url: str, slug: str, token: str) -> str:
    """Return a learner's own address of an MCP server. It is a secret: never log it."""
    return f"{server_address(base_url, slug)}/u/{token}"


def password_link(base_url: str, token: str) -> str:
    """Return where a member of the dashboard chooses a password. It is a secret, too."""
    return f"{base_url}/admin/password/{token}"


def webhook_address(base_url: str, source_id: str) -> str:
    """Return where a Git host announces that the branch of a content source has moved."""
    return f"{base_url}/webhooks/git/{source_id}"


def merge_check_address(base_url: str, source_id: str) -> str:
    """Return where an author's CI asks what a merge would change."""
    return f"{base_url}/check/{source_id}"
