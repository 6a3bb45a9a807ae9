"""MCP servers."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin.forms import ServerForm
from admin.pages.model_page import OrgModelView
from admin.saving import write_transaction
from walkthroughs.addresses import domain_record, server_address
from walkthroughs.enums import Role
from walkthroughs.mcp_server.domains import verify
from walkthroughs.models import McpServer
from walkthroughs.runtime import runtime


def _address(_view: object, _context: object, row: McpServer, _name: str) -> str:
    return server_address(runtime().settings.base_url, row.slug)


class ServerView(OrgModelView):
    """The organization's MCP servers."""

    noun = "server"
    intro = "Addresses that your users add to their assistants."
    creatable = True
    editable = True
    writers = frozenset({Role.OWNER})
    duplicate_message = "Another server has that slug or domain already; choose another."
    column_list = ("name", "address", "custom_domain", "walkthrough_tools_enabled")
    column_labels = {
        "custom_domain": "Own domain",
        "walkthrough_tools_enabled": "On",
        "pace_seconds": "Pace in seconds",
    }
    column_formatters = {"address": _address}
    column_details_list = (
        *column_list, "pace_seconds", "slug", "instructions", "auth_type", "created_at",
    )  # fmt: skip
    column_searchable_list = ("name", "slug")
    column_sortable_list = ("name", "custom_domain")
    form = ServerForm
    details_template = "handrail/server.html"
    domain_record = staticmethod(domain_record)

    def __init__(self) -> None:
        super().__init__(McpServer, "Servers", "Delivery")

    def after_model_change(self, form: Any, model: McpServer, is_created: bool) -> None:  # noqa: ANN401
        """Serve a new domain at once, where domains are trusted."""
        is_new = bool(model.custom_domain) and not model.domain_verified_at
        if is_new and runtime().settings.trust_domains:
            self._verify(model.id)

    @expose("/verify/", methods=("POST",))
    def verify_view(self) -> ResponseReturnValue:
        """Serve the server's own domain, if its TXT record is there."""
        server = self.get_one(request.args.get("id", ""))
        self._verify(server.id)
        return redirect(self.get_url(".details_view", id=server.id))

    def _verify(self, server_id: str) -> None:
        with self.report_errors() as failed, write_transaction() as session:
            row = session.get_one(McpServer, server_id, with_for_update=True)
            verify(session, runtime().settings, row)
            domain = row.custom_domain
        if not failed:
            flash(f"{domain} is verified, and served within seconds.", "success")
