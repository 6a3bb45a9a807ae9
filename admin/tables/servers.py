"""MCP servers."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin.forms import AUTH_TYPES, SIGN_INS, ServerForm, meaning_of
from admin.saving import write_transaction
from admin.tables.model_page import OrgModelView
from walkthroughs.addresses import domain_record, server_address
from walkthroughs.content.wording import count_of
from walkthroughs.enums import Role
from walkthroughs.errors import HandrailError
from walkthroughs.identity.sign_ins import count_open, set_auth
from walkthroughs.mcp_server.domains import verify
from walkthroughs.models import McpServer, db
from walkthroughs.runtime import runtime

_REFUSED = "Nothing is saved yet: something below needs a change."


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
    writers = frozenset({Role.OWNER})
    duplicate_message = "Another server has that slug or domain already; choose another."
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

    def edit_form(self, obj: Any = None) -> Any:  # noqa: ANN401
        """Say what another way to know learners does to those who have signed in."""
        form = super().edit_form(obj)
        if obj is not None and (count := count_open(db.session(), obj)):
            form.auth_type.description += (
                f"\nAnother choice ends {count_of(count, 'sign-in')} here as soon as it is saved; "
                "progress and personal links stay."
            )
        return form

    def on_model_change(self, form: Any, model: McpServer, is_created: bool) -> None:  # noqa: ANN401
        """Change how learners are known; show at the field why it cannot be."""
        super().on_model_change(form, model, is_created)
        if model.auth_type is form.auth_type.data:
            return
        try:
            set_auth(db.session(), runtime().settings, model, form.auth_type.data)
        except HandrailError as error:
            form.auth_type.errors = [str(error)]
            raise HandrailError(_REFUSED) from error

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
