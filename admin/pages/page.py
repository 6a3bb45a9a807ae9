"""The base class of pages that show more than one table, and the rule that admits a member."""

from __future__ import annotations

from collections.abc import Container

from flask import abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from flask_security import current_user

from walkthroughs.enums import Role

#: The roles that write content; servers, sources and people are the owners'.
EDITORS = frozenset({Role.OWNER, Role.EDITOR})
OWNERS = frozenset({Role.OWNER})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Page(BaseView):
    """A page of the member's organization. A subclass says who may read it and who may write.

    Attributes:
        reads: the views that change nothing. All others need a role in `writers`, as does
            every request that is no GET.
        readers: the roles that may open the page.
        writers: the roles that may use all of its views.
    """

    reads: frozenset[str] = frozenset({"index"})
    readers: frozenset[Role] = frozenset(Role)
    writers: frozenset[Role] = EDITORS

    def __init__(self, name: str, endpoint: str, url: str) -> None:
        super().__init__(name=name, endpoint=endpoint, url=url)

    def may_write(self) -> bool:
        """Return whether the member's role may write on this page."""
        return g.get("role") in self.writers

    def is_accessible(self) -> bool:
        """Admit members to views that only read, and roles in `writers` to the others."""
        return g.get("role") in self.readers and admits(self.endpoint, self.reads, self.writers)

    def inaccessible_callback(self, name: str, **_: object) -> ResponseReturnValue:
        """Send a visitor to sign in; refuse a member whose role does not allow this."""
        return refuse()


def admits(endpoint: str, reads: Container[str], writers: Container[Role]) -> bool:
    """Return whether the member may have the answer to this request from the page *endpoint*.

    For a request to another page it says whether the member can read this one: menus ask.
    """
    if g.get("organization_id") is None:
        return False
    asked, _, view = str(request.endpoint).partition(".")
    only_reads = view in reads and request.method in _SAFE_METHODS
    return asked != endpoint or only_reads or g.get("role") in writers


def refuse() -> ResponseReturnValue:
    """Send a visitor to sign in, a script with 401; answer a member with 404."""
    if current_user.is_authenticated:
        abort(404)
    if g.get("asks_for_json"):
        abort(401)
    return redirect(url_for("security.login", next=request.full_path.rstrip("?")))
