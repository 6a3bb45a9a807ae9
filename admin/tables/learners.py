"""Tables of learners, their links, progress and earlier attempts. Viewers see no address."""

from __future__ import annotations

from typing import Any

from flask import abort, g, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import ColumnElement, select

from admin.access.roles import OWNERS
from admin.forms import LinkForm
from admin.saving import write_transaction
from admin.tables.choices import set_choices
from admin.tables.model_page import OrgModelView
from walkthroughs.addresses import personal_link
from walkthroughs.identity.learners import BY_ADDRESS, is_named, of_organization
from walkthroughs.identity.links import create_link
from walkthroughs.ids import now_ms
from walkthroughs.models import (
    McpServer,
    McpServerUser,
    PersonalLink,
    WalkthroughAttempt,
    WalkthroughProgress,
    db,
)
from walkthroughs.runtime import runtime


class LearnerView(OrgModelView):
    """The people who follow walkthroughs."""

    noun = "learner"
    intro = "People who follow your walkthroughs."
    column_list = ("email", "created_at")
    column_searchable_list = ("email",)
    most_found = 1_000
    #: By id where there is no address, so that each row has a link that can be read.
    column_formatters = {"email": lambda _v, _c, row, _n: str(row)}

    def __init__(self) -> None:
        super().__init__(McpServerUser, "Learners", "People")

    def row_filters(self) -> tuple[ColumnElement[bool], ...]:
        """Leave out what stands for erased learners."""
        return (*super().row_filters(), *of_organization(g.organization_id))

    def search_filter(self, words: str) -> ColumnElement[bool]:
        """Find learners by the beginning of their e-mail address."""
        return is_named(words)


class LinkView(OrgModelView):
    """Personal links. The secret is shown once, when the link is made."""

    noun = "personal link"
    intro = "A secret address for one learner. It is shown once, when it is made."
    creatable = True
    writers = OWNERS
    removal = ("End", "The address stops working within seconds. The learner's progress stays.")
    column_list = ("mcp_server_user", "mcp_server", "created_at")
    column_labels = {"mcp_server_user": "Learner", "mcp_server": "Server"}
    column_searchable_list = ("mcp_server_user.email",)
    #: To count links of learners who are found, each of them is looked up.
    most_found = 500
    form = LinkForm

    def __init__(self) -> None:
        super().__init__(PersonalLink, "Links", "People")

    def row_filters(self) -> tuple[ColumnElement[bool], ...]:
        """Leave out links that have ended."""
        return (*super().row_filters(), PersonalLink.revoked_at.is_(None))

    def search_filter(self, words: str) -> ColumnElement[bool]:
        """Find links of the first learners whose e-mail address begins so, or whose id it is."""
        # With a bound the database looks up the links of each, and never reads all links.
        found = (
            select(McpServerUser.id)
            .where(McpServerUser.organization_id == g.organization_id, is_named(words))
            .order_by(*BY_ADDRESS)
            .limit(self.most_found + 1)
        )
        return PersonalLink.mcp_server_user_id.in_(found)

    def create_form(self, obj: Any = None) -> Any:  # noqa: ANN401
        """Offer the organization's own servers."""
        form = super().create_form(obj)
        set_choices(form.mcp_server_id, McpServer, McpServer.name)
        return form

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Save the form, and show the address once."""
        if not self.can_create:
            abort(404)
        form = self.create_form()
        if self.validate_form(form):
            server = db.session.query(McpServer).filter_by(id=form.mcp_server_id.data).one()
            slug, domain, token = server.slug, server.served_domain, ""
            with self.report_errors() as failed, write_transaction() as session:
                token = create_link(session, slug, form.email.data)
            if not failed:
                address = personal_link(runtime().settings.base_url, slug, token, domain)
                values = {"address": address, "slug": slug, "email": form.email.data}
                return str(self.render("handrail/link.html", **values))
        back = self.get_url(".index_view")
        return str(self.render(self.create_template, form=form, return_url=back))

    def remove(self, row: PersonalLink) -> None:
        """End the link; its row stays and shows when it ended."""
        row.revoked_at = now_ms()
        db.session.commit()

    def after_removal(self, row: PersonalLink) -> str:
        """Go to the learner's page."""
        return url_for("learners.learner", learner_id=row.mcp_server_user_id)


class ProgressView(OrgModelView):
    """Where each learner is."""

    noun = "progress"
    intro = "Where each learner is, started last first."
    column_list = (
        "mcp_server_user", "walkthrough", "status", "version", "hurried_calls", "started_at",
        "active_at",
    )  # fmt: skip
    column_labels = {
        "mcp_server_user": "Learner",
        "active_at": "Last active (UTC)",
        "hurried_calls": "Calls held back",
    }
    # By columns that have an index: of `active_at` none can be had.
    column_default_sort = [("started_at", True), ("id", True)]
    column_sortable_list = ("started_at",)
    badge_columns = ("status",)

    def __init__(self) -> None:
        super().__init__(WalkthroughProgress, "Progress", "People")


class AttemptView(OrgModelView):
    """Attempts that ended because a learner began again."""

    noun = "attempt"
    intro = "Attempts that learners ended by beginning again, newest first."
    column_list = (
        "mcp_server_user", "walkthrough", "version", "steps", "started_at", "completed_at",
        "ended_at",
    )  # fmt: skip
    column_labels = {"mcp_server_user": "Learner", "mcp_server": "Server", "steps": "Steps done"}
    column_formatters = {"steps": lambda _v, _c, row, _n: str(len(row.completed_steps))}
    column_details_list = (*column_list, "mcp_server")
    column_default_sort = ("ended_at", True)
    column_sortable_list = ("version", "started_at", "completed_at", "ended_at")

    def __init__(self) -> None:
        super().__init__(WalkthroughAttempt, "Attempts", "People")
