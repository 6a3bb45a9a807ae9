"""Names of hosts, as requests and browser pages give them, and where requests come from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

#: Names of this machine.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@lru_cache(maxsize=64)
def hostname(url: str) -> str:
    """Return the host of *url* in lower case; an empty text if there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def sender(scope: Mapping[str, Any]) -> str:
    """Return the address that an ASGI request is from, as far as proxies in front are believed."""
    host, _ = scope.get("client") or ("", 0)
    return str(host)


@lru_cache(maxsize=64)
def own_origin(base_url: str, host: str) -> str:
    """Return the public origin of a server's own host, from the `Host` of a request to it.

    A host below that of *base_url* is reached by the same port; another one by the port that
    it names, if it names one.
    """
    base, named, name = urlsplit(base_url), urlsplit(f"//{host}"), hostname(f"//{host}")
    try:
        port = base.port if name.endswith(f".{base.hostname}") else named.port
    except ValueError:
        port = None
    return f"{base.scheme}://{name}:{port}" if port else f"{base.scheme}://{name}"


def calling_address(scope: Mapping[str, Any]) -> str:
    """Return whom a limit for each caller counts, of an ASGI request."""
    return caller_of(sender(scope))


@lru_cache(maxsize=4096)
def caller_of(address: str | None) -> str:
    """Return whom a limit for each caller counts: an address, or of IPv6 its network of 64 bits.

    A household has all addresses of such a network. What is no address is its own caller.
    """
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or ""
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Network((parsed, 64), strict=False))


def server_of_host(base_host: str, host: str) -> tuple[str | None, str | None]:
    """Return which server a host of its own names: by its slug, or by its domain."""
    below = host.removesuffix(f".{base_host}")
    return (below, None) if below != host else (None, host)


def is_same_host(one: str, other: str) -> bool:
    """Return whether two names mean one host; the names of this machine do."""
    return one == other or {one, other} <= LOOPBACK
