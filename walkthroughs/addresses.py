"""The addresses that people and programs are given, below the public origin (*base_url*)."""

from __future__ import annotations

import re

#: A name in an address: of an organization, a server, a walkthrough or a step. Match all of it.
SLUG_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
EMAIL_PATTERN = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def server_address(base_url: str, slug: str) -> str:
    """Return the address of an MCP server, the one for everybody."""
    return f"{base_url}/s/{slug}/mcp"


def personal_link(base_url: str, slug: str, token: str) -> str:
    """Return a learner's own address of an MCP server. It is a secret: never log it."""
    return f"{server_address(base_url, slug)}/u/{token}"


def webhook_address(base_url: str, source_id: str) -> str:
    """Return where a Git host announces that the branch of a content source has moved."""
    return f"{base_url}/webhooks/git/{source_id}"


def merge_check_address(base_url: str, source_id: str) -> str:
    """Return where an author's CI asks what a merge would change."""
    return f"{base_url}/check/{source_id}"
