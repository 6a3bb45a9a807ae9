"""MCP servers."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin.access.roles import OWNERS
from admin.forms import AUTH_TYPES, SIGN_INS, ServerForm, meaning_of
from admin.saving import write_transaction
from admin.server_form import DUPLICATE, prepare, set_sign_in
from admin.tables.model_page import OrgModelView
from walkthroughs.addresses import domain_record, server_address
from walkthroughs.mcp_server.domains import verify
from walkthroughs.models import McpServer, db
from walkthroughs.runtime import runtime


def _address(_view: object, _context: object, row: McpServer, _name: str) -> str:
    return server_address(runtime().settings.base_url, row.slug)


def _word(words: tuple[Any, ...]) -> Any:  # noqa: ANN401  Flask-Admin's protocol
    return lambda _view, _context, row, column: meaning_of(words, getattr(row, column))[0]


class ServerView(OrgModelView):
    """The organization's MCP servers."""

    noun = "server"
    intro = "Addresses that your users add to their assistants."
    creatable = True
    editable = True
    writers = OWNERS
    duplicate_message = DUPLICATE
    column_list = ("name", "address", "custom_domain", "walkthrough_tools_enabled")
    column_labels = {
        "custom_domain": "Own domain",
        "walkthrough_tools_enabled": "On",
        "pace_seconds": "Pace in seconds",
        "auth_type": "Learners are known by",
        "sign_in": "Asks for a sign-in",
    }
    column_formatters = {
        "address": _address,
        "auth_type": _word(AUTH_TYPES),
        "sign_in": _word(SIGN_INS),
    }
    column_details_list = (
        *column_list, "auth_type", "sign_in", "pace_seconds", "slug", "instructions", "created_at",
    )  # fmt: skip
    column_searchable_list = ("name", "slug")
    column_sortable_list = ("name", "custom_domain")
    form = ServerForm
    details_template = "handrail/server.html"
    domain_record = staticmethod(domain_record)

    def __init__(self) -> None:
        super().__init__(McpServer, "Servers", "Delivery")

    def create_form(self, obj: Any = None) -> Any:  # noqa: ANN401
        """Offer what the organization has."""
        form = super().create_form(obj)
        prepare(form, db.session(), None)
        return form

    def edit_form(self, obj: Any = None) -> Any:  # noqa: ANN401
        """Offer what the organization has; say what a change does to those who are there."""
        form = super().edit_form(obj)
        prepare(form, db.session(), obj)
        return form

    def on_model_change(self, form: Any, model: McpServer, is_created: bool) -> None:  # noqa: ANN401
        """Change how learners are known; show at the field why it cannot be."""
        super().on_model_change(form, model, is_created)
        set_sign_in(form, db.session(), model)

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
