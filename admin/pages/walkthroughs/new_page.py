"""Begin a walkthrough: a title, what people can do at the end, an id, and a template."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user
from sqlalchemy import func, select

from admin.pages.page import Page
from admin.pages.walkthroughs.ids import id_fault, suggested_id, taken_ids
from admin.saving import write_transaction
from admin.starters import STARTERS
from sync.importing.upload import MAX_FILES, MAX_UPLOAD_BYTES
from walkthroughs.content.draft import Details, Draft
from walkthroughs.content.json_shape import as_field
from walkthroughs.content.limits import line_fault
from walkthroughs.content.separate import normalized
from walkthroughs.errors import DraftRefused, HandrailError
from walkthroughs.models import Walkthrough, db
from walkthroughs.publishing.begin import begin, duplicate

#: Stands for a template: the walkthrough that is chosen beside it.
_COPY = "copy"
_COPIES_OFFERED = 200


@dataclass(frozen=True, slots=True)
class OwnId:
    """The author's id of the new walkthrough.

    Attributes:
        id: as it was typed, else made of the title; empty without one.
        suggested: what the page shows as made of the title: while the field has it, or nothing,
            the id follows the title.
        fault: what is wrong with what was typed.
    """

    id: str
    suggested: str
    fault: str = ""

    @property
    def is_typed(self) -> bool:
        """Return whether somebody chose it."""
        return self.id != self.suggested


class NewPage(Page):
    """Nothing is live before it is published."""

    reads = frozenset[str]()

    def __init__(self) -> None:
        super().__init__("New walkthrough", "new_walkthrough", "walkthroughs/new")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """Show the form; begin a draft if it is sent."""
        title = normalized(request.form.get("title", "")).strip()
        goal = normalized(request.form.get("goal", "")).strip()
        chosen = request.form.get("starter", STARTERS[0].id)
        copied = request.form.get("copy", "") if chosen == _COPY else ""
        own = _own_id(title, request.form.get("own_id", ""), request.form.get("suggested", ""))
        fault = self._fault(title, goal, own) if request.method == "POST" else None
        if request.method == "POST" and fault is None:
            begins = _begin_copy if copied else _begin
            try:
                place = begins(copied or chosen, Details(title, goal), own)
            except HandrailError as error:
                fault = str(error)
            else:
                flash("The draft is begun. Nothing is live before you publish it.", "success")
                return redirect(place, code=303)
        values = {"title": title, "goal": goal, "starters": STARTERS, "chosen": chosen}
        page = str(
            self.render(
                "handrail/new.html",
                fault=fault,
                own=own,
                same=_same(title),
                others=_others(),
                copied=copied,
                limits=(MAX_UPLOAD_BYTES, MAX_FILES),
                **values,
            )
        )
        return page, 422 if fault else 200

    @expose("/id")
    def own_id(self) -> ResponseReturnValue:
        """Show what a title and an id come to: parts of the page, which asks while one types."""
        title = normalized(request.args.get("title", "")).strip()
        own = _own_id(title, request.args.get("own_id", ""), request.args.get("suggested", ""))
        is_of_title = request.headers.get("HX-Target") == "same"
        values = {"own": own, "same": _same(title), "is_of_title": is_of_title}
        return str(self.render("handrail/new_id.html", **values))

    def _fault(self, title: str, goal: str, own: OwnId) -> str | None:
        if not title:
            return "A title is needed."
        try:
            as_field(goal, "description")
        except DraftRefused as error:
            return str(error)
        fault = line_fault("title", title)
        if fault:
            return f"{fault}."
        return "The id needs a change; nothing is stored yet." if own.fault else None


def _own_id(title: str, typed: str, suggested: str) -> OwnId:
    """Return the id that is typed, else one that is made of the title.

    Args:
        title: of the walkthrough.
        typed: what the field has.
        suggested: what the page had put there.
    """
    typed = typed.strip()
    free = suggested_id(db.session(), g.organization_id, title) if title else ""
    if typed in {"", suggested, free}:
        return OwnId(free, free)
    fault = id_fault(typed, {})
    if not fault:
        fault = id_fault(typed, taken_ids(db.session(), g.organization_id, (typed,)))
    return OwnId(typed, free, fault)


def _begin(chosen: str, details: Details, own: OwnId) -> str:
    """Store a draft from a template; return the address of its first step."""
    starter = next((each for each in STARTERS if each.id == chosen), STARTERS[0])
    steps = tuple(starter.steps())
    with write_transaction() as session:
        draft = Draft(details, steps, 0)
        row_id = begin(session, g.organization_id, draft, current_user.email, own_id=own.id)
    return url_for("editor.index", walkthrough_id=row_id, step=steps[0].id)


def _begin_copy(copied: str, details: Details, own: OwnId) -> str:
    with write_transaction() as session:
        row_id = duplicate(
            session,
            g.organization_id,
            copied,
            current_user.email,
            title=details.title,
            description=details.description,
            own_id=own.id,
        )
    return url_for("editor.index", walkthrough_id=row_id)


def _others() -> list[tuple[str, str]]:
    """Return the walkthroughs that are offered to be copied: those that changed last, by title."""
    rows = db.session.execute(
        select(Walkthrough.id, Walkthrough.title)
        .where(Walkthrough.organization_id == g.organization_id, Walkthrough.archived_at.is_(None))
        .order_by(Walkthrough.updated_at.desc(), Walkthrough.id)
        .limit(_COPIES_OFFERED)
    )
    return sorted(((row.id, row.title) for row in rows), key=lambda each: each[1].lower())


def _same(title: str) -> Walkthrough | None:
    """Return a walkthrough of that title: a hint, since two may share one."""
    if not title:
        return None
    row: Walkthrough | None = db.session.scalar(
        select(Walkthrough)
        .where(
            Walkthrough.organization_id == g.organization_id,
            func.lower(Walkthrough.title) == title.lower(),
        )
        .limit(1)
    )
    return row
