"""The list of MCP servers, and the page of each: what it serves, and how to connect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.connecting import assistants, reach_fault
from admin.forms import AUTH_TYPES, SIGN_INS, meaning_of
from admin.pages.page import Page
from admin.pages.server_rows import read_addable, read_assignments, read_servers
from admin.saving import write_transaction
from walkthroughs.addresses import server_address
from walkthroughs.errors import HandrailError
from walkthroughs.identity.sign_ins import count_open
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.catalog import list_walkthroughs
from walkthroughs.mcp_server.texts import list_text
from walkthroughs.models import McpServer, Walkthrough, db
from walkthroughs.publishing import assignments
from walkthroughs.runtime import runtime

TABS = {"walkthroughs": "Walkthroughs", "connect": "Connect", "settings": "Settings"}


class ServersPage(Page):
    """The organization's MCP servers."""

    reads = frozenset({"index", "server"})

    def __init__(self) -> None:
        super().__init__("Servers", "servers", "servers")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Show every server, its address and what it serves."""
        return str(
            self.render(
                "handrail/servers.html",
                servers=read_servers(db.session(), g.organization_id),
                address_of=lambda slug: server_address(runtime().settings.base_url, slug),
            )
        )

    @expose("/<slug>/")
    def server(self, slug: str) -> ResponseReturnValue:
        """Show one server; `tab` says which side of it."""
        row = _find(slug)
        tab = request.args.get("tab", "")
        tab = tab if tab in TABS else "walkthroughs"
        values = _WHAT_TABS_SHOW[tab](row)
        return str(
            self.render(f"handrail/server_{tab}.html", server=row, tab=tab, tabs=TABS, **values)
        )

    @expose("/<slug>/assign", methods=("POST",))
    def assign(self, slug: str) -> ResponseReturnValue:
        """Add walkthroughs, last in order."""
        _find(slug)
        chosen = request.form.getlist("walkthrough_id")
        own = db.session.scalars(
            select(Walkthrough.id).where(
                Walkthrough.organization_id == g.organization_id, Walkthrough.id.in_(chosen)
            )
        ).all()
        if not own:
            flash("Choose a walkthrough to add.", "error")
            return _back(slug)
        in_order = sorted(own, key=chosen.index)

        def write(session: Session, organization_id: str, server_id: str) -> None:
            assignments.assign(session, organization_id, server_id, in_order)

        return _change(slug, write, "Added.")

    @expose("/<slug>/unassign", methods=("POST",))
    def unassign(self, slug: str) -> ResponseReturnValue:
        """Take a walkthrough off the server."""

        def write(session: Session, organization_id: str, server_id: str) -> None:
            assignments.unassign(session, organization_id, server_id, _walkthrough())

        return _change(
            slug,
            write,
            "Taken off this server. Progress of learners stays.",
            undo=("assign", {"walkthrough_id": _walkthrough()}),
        )

    @expose("/<slug>/switch", methods=("POST",))
    def switch(self, slug: str) -> ResponseReturnValue:
        """Offer an assigned walkthrough here, or do not."""
        wanted = request.form.get("on") == "1"
        values = {"walkthrough_id": _walkthrough(), "on": "" if wanted else "1"}

        def write(session: Session, organization_id: str, server_id: str) -> None:
            assignments.switch(
                session, organization_id, server_id, _walkthrough(), is_enabled=wanted
            )

        return _change(
            slug,
            write,
            "Switched on here." if wanted else "Switched off here. Progress of learners stays.",
            undo=("switch", values),
        )

    @expose("/<slug>/move", methods=("POST",))
    def move(self, slug: str) -> ResponseReturnValue:
        """Put a walkthrough behind another one, or first."""
        after = request.form.get("after") or None
        undo = {"walkthrough_id": _walkthrough()}

        def write(session: Session, organization_id: str, server_id: str) -> None:
            stood_behind = assignments.move(
                session, organization_id, server_id, _walkthrough(), after
            )
            undo["after"] = stood_behind or ""

        return _change(slug, write, "Moved.", undo=("move", undo))


def _find(slug: str) -> McpServer:
    row: McpServer | None = db.session.scalar(
        select(McpServer).where(
            McpServer.organization_id == g.organization_id, McpServer.slug == slug
        )
    )
    return row or abort(404)


def _walkthrough() -> str:
    return request.form.get("walkthrough_id", "")


def _change(
    slug: str,
    write: Callable[[Session, str, str], None],
    done: str,
    undo: tuple[str, dict[str, str]] | None = None,
) -> ResponseReturnValue:
    """Write, then show the server's page with *done*, and with a button that takes it back."""
    server_id = _find(slug).id
    try:
        with write_transaction() as session:
            write(session, g.organization_id, server_id)
    except HandrailError as error:
        flash(str(error), "error")
        return _back(slug)
    if undo is None:
        flash(done, "success")
    else:
        view, values = undo
        undone_at = url_for(f".{view}", slug=slug)
        flash({"text": done, "undo": undone_at, "values": values}, "success")  # type: ignore[arg-type]  # the session keeps it as JSON
    return _back(slug)


def _back(slug: str) -> ResponseReturnValue:
    return redirect(url_for(".server", slug=slug), code=303)


def _walkthroughs_tab(row: McpServer) -> dict[str, Any]:
    caller = Caller(g.organization_id, row.id)
    return {
        "assignments": read_assignments(db.session(), g.organization_id, row.id),
        "addable": read_addable(db.session(), g.organization_id, row.id),
        "listed": list_text(list_walkthroughs(runtime().database, caller), None),
    }


def _connect_tab(row: McpServer) -> dict[str, Any]:
    address = server_address(runtime().settings.base_url, row.slug)
    if row.custom_domain and row.domain_verified_at:
        address = f"https://{row.custom_domain}/mcp"
    return {
        "address": address,
        "assistants": assistants(row.slug, address),
        "fault": reach_fault(address),
    }


def _settings_tab(row: McpServer) -> dict[str, Any]:
    return {
        "known_by": meaning_of(AUTH_TYPES, row.auth_type),
        "asks": meaning_of(SIGN_INS, row.sign_in),
        "open_sign_ins": count_open(db.session(), row),
    }


_WHAT_TABS_SHOW: dict[str, Callable[[McpServer], dict[str, Any]]] = {
    "walkthroughs": _walkthroughs_tab,
    "connect": _connect_tab,
    "settings": _settings_tab,
}
