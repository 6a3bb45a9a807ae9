"""MCP servers, and which walkthroughs they offer."""

from __future__ import annotations

from typing import Any

from flask import g, request

from admin.base import OrgModelView
from admin.forms import AssignmentForm, ServerForm
from walkthroughs.models import McpServer, McpServerWalkthrough, Role, Walkthrough, db
from walkthroughs.runtime import runtime


def _address(_view: object, _context: object, row: McpServer, _name: str) -> str:
    return f"{runtime().settings.base_url}/s/{row.slug}/mcp"


def choose(field: Any, model: Any, label: Any) -> None:  # noqa: ANN401  a select field, a table, a column
    """Let *field* offer the organization's own rows of *model*, and no others."""
    rows = db.session.query(model).filter(model.organization_id == g.organization_id)
    field.choices = [(row.id, str(row)) for row in rows.order_by(label)]


class ServerView(OrgModelView):
    """The organization's MCP servers."""

    noun = "server"
    lead = "Addresses that your users add to their assistants."
    creatable = True
    editable = True
    writers = frozenset({Role.OWNER})
    taken = "Another server has that slug or domain already; choose another."
    column_list = ("name", "address", "custom_domain", "walkthrough_tools_enabled")
    column_labels = {"walkthrough_tools_enabled": "On", "pace_seconds": "Pace in seconds"}
    column_formatters = {"address": _address}
    column_details_list = (
        *column_list, "pace_seconds", "slug", "instructions", "auth_type", "created_at",
    )  # fmt: skip
    column_searchable_list = ("name", "slug")
    column_sortable_list = ("name", "custom_domain")
    form = ServerForm

    def __init__(self) -> None:
        super().__init__(McpServer, "Servers", "Delivery")


class AssignmentView(OrgModelView):
    """Which server offers which walkthrough."""

    noun = "assignment"
    lead = "Which server offers which walkthrough, in which order."
    creatable = True
    editable = True
    removal = ("Remove", "The server no longer offers the walkthrough. Progress stays.")
    taken = "That server offers that walkthrough already."
    column_list = ("walkthrough", "mcp_server", "display_order", "is_enabled")
    column_labels = {"mcp_server": "Server", "display_order": "Place", "is_enabled": "On"}
    form = AssignmentForm

    def __init__(self) -> None:
        super().__init__(McpServerWalkthrough, "Assignments", "Delivery")

    def create_form(self, obj: Any = None) -> Any:  # noqa: ANN401
        """Offer the organization's own servers and walkthroughs."""
        form = self._with_choices(super().create_form(obj))
        if request.method == "GET":
            form.walkthrough_id.data = request.args.get("walkthrough_id")
        return form

    def edit_form(self, obj: Any = None) -> Any:  # noqa: ANN401
        """Offer the organization's own servers and walkthroughs."""
        return self._with_choices(super().edit_form(obj))

    def _with_choices(self, form: Any) -> Any:  # noqa: ANN401
        choose(form.mcp_server_id, McpServer, McpServer.name)
        choose(form.walkthrough_id, Walkthrough, Walkthrough.title)
        return form
