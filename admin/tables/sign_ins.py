"""Sign-ins of learners in apps. No page shows a token, or the hash of one."""

from __future__ import annotations

from flask import g, url_for
from sqlalchemy import ColumnElement

from admin.tables.learners import LinkView
from admin.tables.model_page import OrgModelView
from walkthroughs.identity import grants
from walkthroughs.identity.sign_ins import record_ended
from walkthroughs.models import OAuthGrant, db


class SignInView(OrgModelView):
    """Apps that learners have signed in with. They end by the roles that end links."""

    noun = "sign-in"
    intro = "Apps that learners have signed in with, the last used first."
    writers = LinkView.writers
    removal = (
        "End",
        "The app has to ask the learner to sign in again, within two seconds. Progress stays.",
    )
    column_list = ("client_name", "mcp_server_user", "mcp_server", "created_at", "last_used_at")
    column_labels = {
        "client_name": "App",
        "mcp_server_user": "Learner",
        "mcp_server": "Server",
        "created_at": "Since (UTC)",
        "redirect_host": "Answers went to",
    }
    column_details_list = (*column_list, "redirect_host")
    column_searchable_list = ("client_name", "mcp_server_user.email")
    column_sortable_list = ("client_name", "created_at", "last_used_at")
    column_default_sort = ("last_used_at", True)

    def __init__(self) -> None:
        super().__init__(OAuthGrant, "Sign-ins", "People")

    def row_filters(self) -> tuple[ColumnElement[bool], ...]:
        """Leave out sign-ins that have ended."""
        return (*super().row_filters(), OAuthGrant.revoked_at.is_(None))

    def remove(self, row: OAuthGrant) -> None:
        """End the sign-in; its row stays and shows when it ended."""
        own = OAuthGrant.organization_id == g.organization_id
        ended = grants.end(db.session(), own, OAuthGrant.id == row.id)
        record_ended(db.session(), ended)
        db.session.commit()

    def after_removal(self, row: OAuthGrant) -> str:
        """Go to the learner's page."""
        return url_for("learners.learner", learner_id=row.mcp_server_user_id)
