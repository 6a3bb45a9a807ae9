"""The list of learners, and the page of each: places, links, sign-ins, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from admin.access.actors import current_actor
from admin.access.roles import OWNERS
from admin.formats import learner_name
from admin.pages.learners.filter import SINCE, STATUSES, WantedLearners
from admin.pages.learners.places import PLACES, read_places
from admin.pages.learners.rows import (
    read_attempts,
    read_choices,
    read_learners,
    read_open_links,
)
from admin.pages.page import Page
from admin.queries import page_number
from admin.saving import write_transaction
from walkthroughs.audit.record import Event, act_as, record
from walkthroughs.database.unavailable import unavailable_errors
from walkthroughs.errors import HandrailError, NotFound, WalkthroughNotFound
from walkthroughs.identity import learner_export
from walkthroughs.identity.erasing import erase
from walkthroughs.identity.learner_facts import sign_ins
from walkthroughs.identity.learners import find_learner
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.learning.relocation import move_to_step
from walkthroughs.models import McpServerUser, McpServerWalkthrough, WalkthroughProgress, db
from walkthroughs.runtime import runtime


class LearnersPage(Page):
    """The people who follow walkthroughs. Viewers are shown no e-mail address."""

    reads = frozenset({"index", "learner"})

    def __init__(self) -> None:
        super().__init__("Learners", "learners", "learners")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Show who fits the filters; the part with the people alone if a script asks for it."""
        wanted = WantedLearners.parse(request.args)
        rows, total = read_learners(
            db.session(), g.organization_id, wanted, only_whole=not self.may_write()
        )
        part = request.headers.get("HX-Target") == "people"
        template = "learner_list" if part else "learners"
        return str(
            self.render(
                f"handrail/{template}.html",
                wanted=wanted,
                rows=rows,
                total=total,
                page_count=total.pages,
                name_of=self._name_of,
                statuses=STATUSES.items(),
                since=SINCE.items(),
                address=lambda **changed: url_for(".index", **wanted.query(**changed)),
                **({} if part else read_choices(db.session(), g.organization_id)),
            )
        )

    @expose("/<learner_id>/")
    def learner(self, learner_id: str) -> ResponseReturnValue:
        """Show where a learner is, and what they are known by."""
        row, page = _find(learner_id), page_number(request.args.get("page", ""))
        places, total = read_places(db.session(), row, page)
        return str(
            self.render(
                "handrail/learner.html",
                learner=row,
                name=self._name_of(row.email, row.id),
                places=places,
                page=page,
                page_count=max(1, -(-total // PLACES)),
                attempts=read_attempts(db.session(), row),
                links=read_open_links(db.session(), row),
                sign_ins=sign_ins(db.session(), row, only_open=True),
                owns=g.role in OWNERS,
            )
        )

    @expose("/<learner_id>/move", methods=("POST",))
    def move(self, learner_id: str) -> ResponseReturnValue:
        """Put the learner on the step that was chosen."""
        step_id = request.form.get("step", "")

        def work(caller: Caller, walkthrough_id: str) -> str:
            after = {"walkthrough": walkthrough_id, "step": step_id[:80]}
            recorder = _recorder("learner.relocate", caller, after)
            step = move_to_step(
                runtime().database, ContentCache(), caller, walkthrough_id, step_id, recorder
            )
            return f"They continue at step {step.position}, “{step.title}”."

        return self._change(learner_id, work)

    @expose("/<learner_id>/reset", methods=("POST",))
    def reset(self, learner_id: str) -> ResponseReturnValue:
        """Forget the learner's progress in one walkthrough, and its attempts."""

        def work(caller: Caller, walkthrough_id: str) -> str:
            recorder = _recorder("learner.reset", caller, {"walkthrough": walkthrough_id})
            ref = progress.reset(
                runtime().database, ContentCache(), caller, walkthrough_id, recorder
            )
            return f"Reset: “{ref.title}” begins anew for them."

        return self._change(learner_id, work)

    @expose("/<learner_id>/export")
    def export(self, learner_id: str) -> ResponseReturnValue:
        """Give out everything that is stored about the learner, as a file; owners only."""
        row = _owned(learner_id)
        with runtime().database.transaction() as session:
            text = "".join(learner_export.export(session, g.organization_id, row.id))
        headers = {"Content-Disposition": f'attachment; filename="{row.id}.json"'}
        return Response(text, mimetype="application/json", headers=headers)

    @expose("/<learner_id>/erase", methods=("POST",))
    def erase(self, learner_id: str) -> ResponseReturnValue:
        """Erase the learner if their address was typed; owners only."""
        row = _owned(learner_id)
        typed = request.form.get("typed", "").strip()
        if typed.lower() not in {row.id.lower(), (row.email or row.id).lower()}:
            flash("Nothing is erased: what was typed is not the learner's address.", "error")
            return redirect(url_for(".learner", learner_id=row.id), code=303)
        erased, name = row.id, str(row)

        def work() -> int:
            with unavailable_errors(), write_transaction() as session:
                return erase(session, g.organization_id, erased)

        try:  # once more if PostgreSQL broke a deadlock
            left = runtime().database.attempt(work, repeatable=False)
        except NotFound:
            abort(404)
        flash(f"Erased {name}. {left} attempt(s) stay in the totals, as nobody's.", "success")
        return redirect(url_for(".index"), code=303)

    def _change(self, learner_id: str, work: Callable[[Caller, str], str]) -> ResponseReturnValue:
        """Do *work* with the learner's row of the walkthrough that the form names."""
        row = _find(learner_id)
        walkthrough_id = request.form.get("walkthrough", "")
        place = db.session.query(WalkthroughProgress).filter(
            WalkthroughProgress.organization_id == g.organization_id,
            WalkthroughProgress.mcp_server_user_id == row.id,
            WalkthroughProgress.walkthrough_id == walkthrough_id,
        )
        found = place.one_or_none() or abort(404)
        caller = Caller(g.organization_id, _acting_server(found), row.id)
        back = url_for(".learner", learner_id=row.id)
        db.session.rollback()  # the change waits for locks: keep no connection meanwhile
        try:
            flash(work(caller, walkthrough_id), "success")
        except WalkthroughNotFound:
            flash("Nothing changed: that server does not offer the walkthrough now.", "error")
        except HandrailError as error:
            flash(str(error), "error")
        return redirect(back, code=303)

    def _name_of(self, email: str | None, learner_id: str) -> str:
        """Return what the member may call the learner."""
        return learner_name(email, learner_id, is_whole=self.may_write())


def _find(learner_id: str) -> McpServerUser:
    """Return the organization's learner with this id; an address is no id here."""
    try:
        row = find_learner(db.session(), g.organization_id, learner_id)
    except NotFound:
        abort(404)
    return row if row.id == learner_id else abort(404)


def _acting_server(place: WalkthroughProgress) -> str:
    """Return the server in whose name a place is changed: where it was begun.

    If that one is deleted, it is one that offers the walkthrough; empty if none does.
    """
    offer = McpServerWalkthrough
    found = place.mcp_server_id or db.session.scalar(
        select(offer.mcp_server_id)
        .where(
            offer.organization_id == place.organization_id,
            offer.walkthrough_id == place.walkthrough_id,
            offer.is_enabled,
        )
        .order_by(offer.display_order, offer.id)
        .limit(1)
    )
    return found or ""


def _recorder(
    verb: str, caller: Caller, after: Mapping[str, object]
) -> Callable[[Connection], None]:
    """Return what records in the audit, by the transaction it is given, what was done."""

    def work(connection: Connection) -> None:
        learner_id = str(caller.learner_id)
        with Session(bind=connection) as session:
            act_as(session, current_actor)
            record(
                session, Event(caller.organization_id, verb, learner_id, "a learner", None, after)
            )

    return work


def _owned(learner_id: str) -> Any:  # noqa: ANN401  a learner
    return _find(learner_id) if g.role in OWNERS else abort(404)
