"""The page of assignments: which server offers which walkthrough."""

from __future__ import annotations

from typing import Any

from flask import request

from admin.access.roles import OWNERS
from admin.forms import AssignmentForm
from admin.tables.choices import set_choices
from admin.tables.model_page import OrgModelView
from walkthroughs.models import McpServer, McpServerWalkthrough, Walkthrough


class AssignmentView(OrgModelView):
    """Assignments of walkthroughs to servers."""

    noun = "assignment"
    intro = "Which server offers which walkthrough, in which order."
    creatable = True
    writers = OWNERS
    editable = True
    removal = ("Remove", "The server no longer offers the walkthrough. Progress stays.")
    duplicate_message = "That server offers that walkthrough already."
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
        set_choices(form.mcp_server_id, McpServer, McpServer.name)
        set_choices(form.walkthrough_id, Walkthrough, Walkthrough.title)
        return form
