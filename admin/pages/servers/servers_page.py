"""The list of MCP servers, and the page of each: what it serves, and how to connect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.connecting import assistants, message_to_learner, reach_fault
from admin.pages.page import Page
from admin.pages.servers.assignments import (
    order_mark,
    read_addable,
    read_assignments,
    read_order_mark,
)
from admin.pages.servers.last_call import STILL_WAITS, Waiting, read_last_call, waiting
from admin.pages.servers.rows import address_of, read_servers
from admin.pages.servers.settings import TABS, find_server, settings_values
from admin.saving import write_transaction
from walkthroughs.addresses import personal_link
from walkthroughs.errors import HandrailError
from walkthroughs.identity.links import create_link
from walkthroughs.ids import now_ms
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.catalog import list_walkthroughs
from walkthroughs.mcp_server.texts import list_text
from walkthroughs.models import McpServer, Walkthrough, db
from walkthroughs.publishing import assignments
from walkthroughs.runtime import runtime

#: What the page says after a change.
_DONE = {
    "move": "Moved.",
    "on": "Switched on here.",
    "off": "Switched off here. Progress of learners stays.",
    "remove": "Taken off this server. Progress of learners stays.",
    "assign": "Added.",
}
_MERGED = "The list had been changed elsewhere meanwhile: both changes are in."


class ServersPage(Page):
    """The organization's MCP servers."""

    reads = frozenset({"index", "server", "last_call"})

    def __init__(self) -> None:
        super().__init__("Servers", "servers", "servers")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Show every server, its address and what it serves."""
        return str(
            self.render(
                "handrail/servers.html",
                servers=read_servers(db.session(), g.organization_id),
                now=now_ms(),
            )
        )

    @expose("/<slug>/")
    def server(self, slug: str) -> ResponseReturnValue:
        """Show one server; `tab` says which side of it."""
        row = find_server(slug)
        tab = request.args.get("tab", "")
        tab = tab if tab in TABS else "walkthroughs"
        values = _WHAT_TABS_SHOW[tab](row)
        shown = {"server": row, "tab": tab, "tabs": TABS} | values
        return str(self.render(f"handrail/server_{tab}.html", **shown))

    @expose("/<slug>/last-call")
    def last_call(self, slug: str) -> ResponseReturnValue:
        """Show how the wait for a call goes on: a part of the page, which asks every 3 seconds.

        `since` says when the wait began, and `shown` what the page says of it. Nothing is
        answered (204) as long as that is still so.
        """
        values = _waiting(find_server(slug), request.args.get("since", type=int))
        if values["state"] == request.args.get("shown"):
            return "", 204
        return str(self.render("handrail/server_last_call.html", slug=slug, **values))

    @expose("/<slug>/assign", methods=("POST",))
    def assign(self, slug: str) -> ResponseReturnValue:
        """Add walkthroughs, last in order."""
        server_id = find_server(slug).id
        own = _own(request.form.getlist("walkthrough_id"))
        if not own:
            flash("Choose a walkthrough to add.", "error")
        elif _written(lambda s: assignments.assign(s, g.organization_id, server_id, own)):
            flash("Added.", "success")
        return _back(slug)

    @expose("/<slug>/link", methods=("POST",))
    def link(self, slug: str) -> ResponseReturnValue:
        """Make a personal link for the learner whose address was typed; show it this once."""
        row, email, made = find_server(slug), request.form.get("email", "").strip(), ""
        shown = {"server": row, "tab": "connect", "tabs": TABS}
        base = runtime().settings.base_url
        try:
            with write_transaction() as session:
                token = create_link(session, slug, email)
            made = personal_link(base, slug, token, row.served_domain)
        except HandrailError as error:
            values = _connect_tab(row) | {"email": email, "refused": str(error)}
            return str(self.render("handrail/server_connect.html", **shown, **values)), 422
        return str(
            self.render(
                "handrail/server_link.html",
                **shown,
                email=email,
                address=made,
                assistants=assistants(slug, made),
                message=message_to_learner(row.name, made),
                call=_waiting(row, None),
            )
        )

    @expose("/<slug>/change", methods=("POST",))
    def change(self, slug: str) -> ResponseReturnValue:
        """Do what the pressed button names: `on ID`, `off ID`, `remove ID` or `move ID [AFTER]`."""
        server_id = find_server(slug).id
        verb, _, rest = request.form.get("change", "").partition(" ")
        named, _, after = rest.partition(" ")
        is_merged = False
        undo = {"on": f"off {named}", "off": f"on {named}", "remove": f"assign {named}"}.get(verb)

        def write(session: Session) -> None:
            nonlocal undo, is_merged
            place = (session, g.organization_id, server_id)
            if verb == "move":
                seen = request.form.get("seen")
                is_merged = seen is not None and seen != read_order_mark(*place)
                stood_behind = assignments.move(*place, named, after or None)
                undo = f"move {named} {stood_behind or ''}"
            elif verb in {"on", "off"}:
                assignments.switch(*place, named, is_enabled=verb == "on")
            elif verb == "remove":
                assignments.unassign(*place, named)
            else:
                assignments.assign(*place, _own([named]))

        if verb not in _DONE:
            abort(400)
        if _written(write):
            text = f"{_DONE[verb]} {_MERGED}" if is_merged else _DONE[verb]
            undone = {"text": text, "undo": url_for(".change", slug=slug), "change": undo}
            flash(undone, "success")  # type: ignore[arg-type]  # the session keeps it as JSON
        return _back(slug)


def _own(chosen: list[str]) -> list[str]:
    """Return those of the ids that are walkthroughs of the organization, in the same order."""
    query = select(Walkthrough.id).where(
        Walkthrough.organization_id == g.organization_id, Walkthrough.id.in_(chosen)
    )
    return sorted(db.session.scalars(query), key=chosen.index)


def _written(write: Callable[[Session], object]) -> bool:
    """Write in one transaction; return false after showing why it was refused."""
    try:
        with write_transaction() as session:
            write(session)
    except HandrailError as error:
        flash(str(error), "error")
        return False
    return True


def _back(slug: str) -> ResponseReturnValue:
    return redirect(url_for(".server", slug=slug), code=303)


def _walkthroughs_tab(row: McpServer) -> dict[str, Any]:
    caller = Caller(g.organization_id, row.id)
    assignments = read_assignments(db.session(), g.organization_id, row.id)
    return {
        "assignments": assignments,
        "order": order_mark(each.id for each in assignments),
        "addable": read_addable(db.session(), g.organization_id, row.id),
        "listed": list_text(list_walkthroughs(runtime().database, caller), None),
    }


def _connect_tab(row: McpServer) -> dict[str, Any]:
    address = address_of(row)
    return {
        "address": address,
        "assistants": assistants(row.slug, address),
        "fault": reach_fault(address),
        "call": _waiting(row, None),
    }


def _waiting(row: McpServer, since: int | None) -> dict[str, Any]:
    """Return how far the wait for a call is; it begins now if *since* says no other time."""
    now = now_ms()
    begun = now if since is None or not 0 <= since <= now else since
    call = read_last_call(db.session(), g.organization_id, row.id)
    # Who opens the page waits for the next call; the one before is told as well.
    is_old = since is None and call is not None
    state = Waiting.BEGUN if since is None else waiting(call, begun, now)
    return {
        "state": state,
        "since": begun,
        "still_waits": state in STILL_WAITS,
        "words": call.words(now) if call else None,
        "is_old": is_old,
        "serves": row.walkthrough_tools_enabled,
        "server": row,
        "fault": reach_fault(address_of(row)),
    }


_WHAT_TABS_SHOW: dict[str, Callable[[McpServer], dict[str, Any]]] = {
    "walkthroughs": _walkthroughs_tab,
    "connect": _connect_tab,
    "settings": settings_values,
}
