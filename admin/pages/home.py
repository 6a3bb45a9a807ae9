"""The dashboard's first page."""

from __future__ import annotations

from flask import g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_admin import AdminIndexView, expose

from admin.access.roles import refuse


class HomeView(AdminIndexView):
    """The first page: the walkthroughs."""

    def is_accessible(self) -> bool:
        """Admit members only."""
        return g.get("organization_id") is not None

    def inaccessible_callback(self, name: str, **_: object) -> ResponseReturnValue:
        """Send a visitor to sign in, and show nothing else."""
        return refuse()

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Redirect to the list of walkthroughs."""
        return redirect(url_for("walkthrough_list.index"))
