"""Whether a member may be told of changes: what the server asks before it opens a stream."""

from __future__ import annotations

from flask import g, jsonify
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user

from admin.pages.page import Page


class LivePage(Page):
    """Names whoever is signed in, by ids. Every member may be told that something has changed.

    A browser that asks gets a stream, from `walkthroughs/serving/live_page.py`, which asks here.
    """

    def __init__(self) -> None:
        super().__init__("Live", "live", "live")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Answer with the ids of the organization and of the member."""
        return jsonify(organization=g.organization_id, member=current_user.id)
