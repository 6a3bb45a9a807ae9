"""The list of walkthroughs: search, states, filters, cards, and what is done to several."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, g, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user
from sqlalchemy import func, select

from admin.pages.page import Page
from admin.pages.walkthroughs import deeds
from admin.pages.walkthroughs.cards import CardPage, read_cards
from admin.pages.walkthroughs.export import write_export
from admin.pages.walkthroughs.filter import SORTS, Wanted
from admin.pages.walkthroughs.first_steps import FirstSteps, read_first_steps
from admin.saving import write_transaction
from admin.states import State
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.models import McpServer, Walkthrough, db
from walkthroughs.publishing.begin import duplicate

_TAGS_OFFERED = 50


class WalkthroughListPage(Page):
    """What the organization teaches."""

    reads = frozenset({"index", "export"})

    def __init__(self) -> None:
        super().__init__("Walkthroughs", "walkthrough_list", "walkthroughs")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Show the page; the part with the cards alone if a script asks for it."""
        wanted = Wanted.parse(request.args)
        shown = read_cards(db.session(), g.organization_id, wanted)
        part = request.headers.get("HX-Target") == "cards"
        return str(
            self.render(
                "handrail/walkthrough_cards.html" if part else "handrail/walkthrough_list.html",
                wanted=wanted,
                shown=shown,
                chips=_chips(wanted, shown),
                servers=_servers(),
                tag_options=[] if part else [(tag, tag) for tag in _tags()],
                sorts=SORTS,
                first=_first_steps(wanted),
                here=wanted.query(page=wanted.page),
                address=lambda **changed: url_for(".index", **wanted.query(**changed)),
            )
        )

    @expose("/change", methods=("POST",))
    def change(self) -> ResponseReturnValue:
        """Do what the pressed button names to one walkthrough, or to those that are ticked."""
        form = request.form
        order = deeds.parse(
            form.get("change", ""), form.getlist("id"), form.get("server", "")
        ) or abort(400)
        try:
            with write_transaction() as session:
                told = deeds.carry_out(session, g.organization_id, order)
        except HandrailError as error:
            told = deeds.Told(refused=str(error))
        if told.refused:
            flash(told.refused, "error")
        here = _here()
        if told.done:
            undo = url_for(".change", **here)
            done = {"text": told.done, "undo": undo, "change": told.undo}
            flash(done, "success")  # type: ignore[arg-type]  # the session keeps it as JSON
        return redirect(url_for(".index", **here), code=303)

    @expose("/duplicate", methods=("POST",))
    def duplicate(self) -> ResponseReturnValue:
        """Begin a walkthrough as a copy of another one, and open it."""
        try:
            with write_transaction() as session:
                row_id = duplicate(
                    session, g.organization_id, request.form.get("of", ""), current_user.email
                )
        except NotFound:
            abort(404)
        except HandrailError as error:
            flash(str(error), "error")
            return redirect(url_for(".index", **_here()), code=303)
        flash("This is the copy, a draft of its own. Nothing of it is live yet.", "success")
        return redirect(url_for("editor.index", walkthrough_id=row_id), code=303)

    @expose("/export", methods=("GET", "POST"))
    def export(self) -> ResponseReturnValue:
        """Send the chosen walkthroughs as a zip of files."""
        ids = request.values.getlist("id")[: deeds.MAX_CHOSEN]
        try:
            packed = write_export(db.session(), g.organization_id, ids)
        except HandrailError as error:
            flash(str(error), "error")
            return redirect(url_for(".index", **_here()), code=303)
        if packed is None:
            if ids:
                abort(404)
            flash("Tick a walkthrough first.", "error")
            return redirect(url_for(".index", **_here()), code=303)
        return send_file(
            packed,
            mimetype="application/zip",
            as_attachment=True,
            download_name=f"{g.organization_slug}-walkthroughs.zip",
        )


def _here() -> dict[str, Any]:
    """Return the query of the list that a button was pressed in."""
    wanted = Wanted.parse(request.args)
    return wanted.query(page=wanted.page)


def _first_steps(wanted: Wanted) -> FirstSteps | None:
    """Return how far the organization is, where its whole list is shown."""
    if wanted.is_narrowed or wanted.page > 1:
        return None
    return read_first_steps(db.session(), g.organization_id)


def _chips(wanted: Wanted, shown: CardPage) -> list[tuple[str, int, str, bool]]:
    """Return the label, number and address of each state, and whether it is chosen."""
    counts = shown.counts
    everything = sum(count for state, count in counts.items() if state is not State.ARCHIVED)
    chips = [("All", everything, url_for(".index", **wanted.query(state=None)), not wanted.state)]
    for state in State:
        address = url_for(".index", **wanted.query(state=state))
        label = state.value.capitalize()
        chips.append((label, counts.get(state, 0), address, wanted.state is state))
    return chips


def _servers() -> list[tuple[str, str]]:
    rows = db.session.execute(
        select(McpServer.slug, McpServer.name)
        .where(McpServer.organization_id == g.organization_id)
        .order_by(McpServer.name)
    )
    return [(row.slug, row.name) for row in rows]


def _tags() -> list[str]:
    tag = func.jsonb_array_elements_text(Walkthrough.tags).label("tag")
    rows = db.session.execute(
        select(tag)
        .where(Walkthrough.organization_id == g.organization_id, Walkthrough.archived_at.is_(None))
        .distinct()
        .order_by("tag")
        .limit(_TAGS_OFFERED)
    )
    return [row.tag for row in rows]
