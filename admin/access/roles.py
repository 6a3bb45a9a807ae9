"""Which roles write what, and the rule that admits a member to a page."""

from __future__ import annotations

from collections.abc import Container

from flask import abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from walkthroughs.enums import Role

#: The roles that write content; servers, sources and people are the owners'.
EDITORS = frozenset({Role.OWNER, Role.EDITOR})
OWNERS = frozenset({Role.OWNER})
#: What changes nothing.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def admits(endpoint: str, reads: Container[str], writers: Container[Role]) -> bool:
    """Return whether the member may have the answer to this request from the page *endpoint*.

    For a request to another page it says whether the member can read this one: menus ask.
    """
    if g.get("organization_id") is None:
        return False
    asked, _, view = str(request.endpoint).partition(".")
    only_reads = view in reads and request.method in SAFE_METHODS
    return asked != endpoint or only_reads or g.get("role") in writers


def refuse() -> ResponseReturnValue:
    """Send a visitor to sign in, a script with 401; answer a member with 404."""
    if current_user.is_authenticated:
        abort(404)
    if g.get("asks_for_json"):
        abort(401)
    return redirect(url_for("security.login", next=request.full_path.rstrip("?")))
