"""The base class of pages that show more than one table."""

from __future__ import annotations

from flask import g
from flask.typing import ResponseReturnValue
from flask_admin import BaseView

from admin.access.roles import EDITORS, admits, refuse
from walkthroughs.enums import Role


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
