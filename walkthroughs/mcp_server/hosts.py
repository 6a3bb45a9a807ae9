"""Names of hosts, as requests and browser pages give them."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@lru_cache(maxsize=64)
def hostname(url: str) -> str:
    """Return the host of *url* in lower case; an empty text if there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_same_host(one: str, other: str) -> bool:
    """Return whether two names mean one host; the names of this machine do."""
    return one == other or {one, other} <= _LOOPBACK
