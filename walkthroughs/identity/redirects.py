"""Where the answer of a sign-in may be sent: to sites and to apps of this computer only."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from walkthroughs.hosts import LOOPBACK

#: Registered ones, and characters of one.
MAX_REDIRECTS, MAX_CHARACTERS = 20, 1_000
_WRITTEN = re.compile(r"[!#-\[\]^-~]+")  # ASCII without spaces, quotes and backslashes
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
#: Schemes that run something, show something of this site, or reach something else than an app.
_REFUSED_SCHEMES = frozenset(
    {
        "about", "blob", "chrome", "data", "file", "filesystem", "ftp", "intent", "jar",
        "javascript", "mailto", "search-ms", "shell", "sms", "tel", "vbscript", "view-source", "ws",
        "wss",
    }
)  # fmt: skip


def redirect_fault(uri: str) -> str | None:
    """Return why no answer is sent to *uri*, as a sentence; none if one may be.

    The sentence has no characters that an OAuth error must not have.
    """
    if len(uri) > MAX_CHARACTERS or not _WRITTEN.fullmatch(uri):
        return "A redirect address has characters that no address has, or too many."
    parts = _split(uri)
    if parts is None or not _SCHEME.fullmatch(parts.scheme):
        return "A redirect address is no absolute address."
    if "#" in uri:
        return "A redirect address has a fragment."
    if parts.scheme in _REFUSED_SCHEMES or parts.scheme.startswith("ms-"):
        return f"Redirect addresses of the scheme {parts.scheme} are not accepted."
    if parts.scheme not in {"http", "https"}:
        return None
    if not parts.hostname or "@" in parts.netloc:
        return "A redirect address names no host, or a user."
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return "A redirect address is neither https nor on this computer."
    return None


def matches(registered: str, given: str) -> bool:
    """Return whether *given* is the registered address. Apps of this computer choose the port."""
    if registered == given:
        return True
    one, other = _loopback_parts(registered), _loopback_parts(given)
    return one is not None and one == other


def is_on_this_computer(uri: str) -> bool:
    """Return whether an app of the learner's computer gets what is sent to *uri*."""
    parts = urlsplit(uri)
    return parts.scheme not in {"http", "https"} or parts.hostname in LOOPBACK


def redirect_host(uri: str) -> str:
    """Return the host that gets what is sent to *uri*; of an app, its scheme."""
    parts = urlsplit(uri)
    return (parts.hostname or "") if parts.scheme in {"http", "https"} else f"{parts.scheme}:"


def _loopback_parts(uri: str) -> tuple[str, str, str] | None:
    parts = _split(uri)
    if parts is None or parts.scheme != "http" or "@" in parts.netloc:
        return None
    host = parts.hostname or ""
    return (host, parts.path, parts.query) if host in LOOPBACK else None


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port, parts.hostname
    except ValueError:
        return None
    return parts
