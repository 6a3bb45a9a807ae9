"""MCP servers."""

from __future__ import annotations

from admin.forms import ServerForm
from admin.pages.model_page import OrgModelView
from walkthroughs.addresses import server_address
from walkthroughs.enums import Role
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
