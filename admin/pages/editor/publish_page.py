"""Publish a draft: what changes, what that means for people, and which servers offer it."""

from __future__ import annotations

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user

from admin.pages.editor.form import levels_of, shown_levels
from admin.pages.page import Page
from admin.saving import write_transaction
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.models import db
from walkthroughs.publishing import draft_publishing
from walkthroughs.publishing.offers import ServerPlace
from walkthroughs.publishing.publish_plan import PublishPlan

#: How the name of a server's field begins.
_SERVER = "server-"


class PublishPage(Page):
    """Show what publishing would do, and do exactly that."""

    reads = frozenset[str]()

    def __init__(self) -> None:
        super().__init__("Publish", "publish", "walkthroughs/<walkthrough_id>/publish")

    @expose("/", methods=("GET", "POST"))
    def index(self, walkthrough_id: str) -> ResponseReturnValue:
        """Show the plan; publish it if its form is sent."""
        if request.method == "POST":
            done = self._publish(walkthrough_id)
            if done:
                return done
        plan = _plan(walkthrough_id)
        if plan is None:
            return redirect(url_for("editor.index", walkthrough_id=walkthrough_id), code=303)
        values = {
            "plan": plan,
            "walkthrough_id": walkthrough_id,
            "people": plan.people.lines(plan.comparison),
            "note": request.form.get("note", ""),
            "levels": shown_levels(request.form, plan.comparison),
            "chosen": _chosen(plan),
        }
        return str(self.render("handrail/publish.html", **values))

    @expose("/undo", methods=("POST",))
    def undo(self, walkthrough_id: str) -> ResponseReturnValue:
        """Publish the version before the live one as the next version."""
        version = request.form.get("change", "").partition(" ")[2]
        try:
            with write_transaction() as session:
                result = draft_publishing.undo(
                    session,
                    g.organization_id,
                    walkthrough_id,
                    int(version) if version.isascii() and version.isdigit() else -1,
                    current_user.email,
                )
            flash(f"Version {result.version} holds what was live before.", "success")
        except NotFound:
            abort(404)
        except HandrailError as error:
            flash(str(error), "error")
        return redirect(url_for("editor.index", walkthrough_id=walkthrough_id), code=303)

    def _publish(self, walkthrough_id: str) -> ResponseReturnValue | None:
        """Publish what the form shows; return none after showing why it was refused."""
        servers = [
            ServerPlace(name.removeprefix(_SERVER))
            for name in request.form
            if name.startswith(_SERVER)
        ]
        try:
            with write_transaction() as session:
                result = draft_publishing.publish(
                    session,
                    g.organization_id,
                    walkthrough_id,
                    request.form.get("fingerprint", ""),
                    current_user.email,
                    levels=levels_of(request.form),
                    note=request.form.get("note") or None,
                    servers=servers if "servers" in request.form else None,
                )
        except NotFound:
            abort(404)
        except HandrailError as error:
            flash(str(error), "error")
            return None
        here = url_for(".undo", walkthrough_id=walkthrough_id)
        text = f"Version {result.version} is live."
        if result.version > 1:
            done = {"text": text, "undo": here, "change": f"undo {result.version}"}
            flash(done, "success")  # type: ignore[arg-type]  # the session keeps it as JSON
        else:
            flash(text, "success")
        return redirect(url_for("editor.index", walkthrough_id=walkthrough_id), code=303)


def _plan(walkthrough_id: str) -> PublishPlan | None:
    """Return the plan; none after showing why there is none."""
    try:
        return draft_publishing.publish_plan(db.session(), g.organization_id, walkthrough_id)
    except NotFound:
        abort(404)
    except HandrailError as error:
        flash(str(error), "error")
        return None


def _chosen(plan: PublishPlan) -> set[str]:
    """Return the servers whose boxes are ticked: the only one there is, for a first version."""
    if request.method == "POST":
        return {name.removeprefix(_SERVER) for name in request.form if name.startswith(_SERVER)}
    offers = plan.shown.offers
    if plan.shown.is_first and len(offers) == 1:
        return {offers[0].server_id}
    return {offer.server_id for offer in offers if offer.is_enabled}
