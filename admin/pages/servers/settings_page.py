"""What owners do with a server: change its settings, look at its domain, delete it."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from admin.access.roles import OWNERS
from admin.forms import ServerForm
from admin.pages.page import Page
from admin.pages.servers.settings import TABS, find_server, settings_values, what_goes
from admin.saving import write_transaction
from admin.server_form import DUPLICATE, REFUSED, prepare, set_sign_in
from walkthroughs.errors import HandrailError
from walkthroughs.identity.outside_waits import Kind, waiting
from walkthroughs.identity.server_removal import count_places, delete_server
from walkthroughs.mcp_server.domain_check import check_domain, note_check
from walkthroughs.mcp_server.domains import verify
from walkthroughs.models import McpServer, db
from walkthroughs.runtime import runtime


class ServerSettingsPage(Page):
    """The settings of one server. They are shown in a tab of its page."""

    reads = frozenset({"index"})
    writers = OWNERS

    def __init__(self) -> None:
        super().__init__("Servers", "server_settings", "servers/<slug>/settings")

    @expose("/")
    def index(self, slug: str) -> ResponseReturnValue:
        """Go to the tab."""
        return redirect(_tab(find_server(slug).slug))

    @expose("/save", methods=("POST",))
    def save(self, slug: str) -> ResponseReturnValue:
        """Save the form; show it again, with what was typed, if something stops it."""
        row = find_server(slug)
        form = ServerForm(request.form, obj=row)
        prepare(form, db.session(), row)
        if not form.validate():
            return self._refused(row, form, REFUSED)
        server_id, new_slug = row.id, form.slug.data
        try:
            with write_transaction() as session:
                _save(session, form, _locked(session, server_id))
        except IntegrityError:
            return self._refused(find_server(slug), form, DUPLICATE)
        except HandrailError as error:
            return self._refused(find_server(slug), form, str(error))
        flash("Saved. It takes effect within seconds.", "success")
        return redirect(_tab(new_slug), code=303)

    @expose("/domain", methods=("POST",))
    def domain(self, slug: str) -> ResponseReturnValue:
        """Look now whether the server's domain is proved and leads here."""
        row = find_server(slug)
        server_id, domain = row.id, row.custom_domain
        if domain is None:
            abort(404)
        db.session.rollback()  # no connection waits for the name servers
        try:
            with waiting(runtime().database, Kind.DOMAIN):
                found = check_domain(runtime().settings, domain, server_id)
            with write_transaction() as session:
                server = _locked(session, server_id)
                note_check(session, runtime().settings, server, domain, found)
        except HandrailError as error:
            flash(str(error), "error")
        else:
            if found.proof_fault:
                flash(found.proof_fault, "error")
        return redirect(f"{_tab(slug)}#domain", code=303)

    @expose("/delete", methods=("GET", "POST"))
    def delete(self, slug: str) -> ResponseReturnValue:
        """Ask for the slug, saying what goes and what stays; then delete the server."""
        row = find_server(slug)
        wrong = request.method == "POST" and request.form.get("slug", "").strip() != row.slug
        if request.method == "GET" or wrong:
            shown = str(
                self.render(
                    "handrail/server_delete.html",
                    server=row,
                    tab="settings",
                    tabs=TABS,
                    wrong=wrong,
                    goes=what_goes(db.session(), row),
                    kept=count_places(db.session(), row),
                )
            )
            return shown, 422 if wrong else 200
        server_id, name = row.id, row.name

        def work() -> None:
            with write_transaction() as session:
                delete_server(session, _locked(session, server_id))

        # Once more if PostgreSQL broke a deadlock with learners who begin again meanwhile.
        runtime().database.attempt(work, repeatable=False)
        said = f"“{name}” is deleted. Its addresses stop within seconds; places of learners stay."
        flash(said, "success")
        return redirect(url_for("servers.index"), code=303)

    def _refused(self, row: McpServer, form: Any, why: str) -> ResponseReturnValue:  # noqa: ANN401
        flash(why, "error")
        values = settings_values(row, form)
        return str(self.render("handrail/server_settings.html", **values)), 422


def _tab(slug: str) -> str:
    return url_for("servers.server", slug=slug, tab="settings")


def _locked(session: Session, server_id: str) -> McpServer:
    query = session.query(McpServer).filter(
        McpServer.organization_id == g.organization_id, McpServer.id == server_id
    )
    # Whoever calls the server meanwhile does not wait: keys to it can still be checked.
    row: McpServer | None = query.with_for_update(key_share=True).one_or_none()
    return row or abort(404)


def _save(session: Session, form: Any, server: McpServer) -> None:  # noqa: ANN401  a `ServerForm`
    before = server.custom_domain
    form.populate_obj(server)
    set_sign_in(form, session, server)
    session.flush()
    is_new = bool(server.custom_domain) and server.custom_domain != before
    if is_new and runtime().settings.trust_domains:
        verify(session, runtime().settings, server)
