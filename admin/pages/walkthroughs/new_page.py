"""Begin a walkthrough: a title, what people can do at the end, and a template."""

from __future__ import annotations

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user
from sqlalchemy import func, select

from admin.pages.page import Page
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
        fault = self._fault(title, goal) if request.method == "POST" else None
        if request.method == "POST" and fault is None:
            try:
                place = _begin_copy(copied, title, goal) if copied else _begin(chosen, title, goal)
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
                same=_same(title),
                others=_others(),
                copied=copied,
                limits=(MAX_UPLOAD_BYTES, MAX_FILES),
                **values,
            )
        )
        return page, 422 if fault else 200

    def _fault(self, title: str, goal: str) -> str | None:
        if not title:
            return "A title is needed."
        try:
            as_field(goal, "description")
        except DraftRefused as error:
            return str(error)
        fault = line_fault("title", title)
        return f"{fault}." if fault else None


def _begin(chosen: str, title: str, goal: str) -> str:
    """Store a draft from a template; return the address of its first step."""
    starter = next((each for each in STARTERS if each.id == chosen), STARTERS[0])
    steps = tuple(starter.steps())
    with write_transaction() as session:
        draft = Draft(Details(title, goal), steps, 0)
        row_id = begin(session, g.organization_id, draft, current_user.email)
    return url_for("editor.index", walkthrough_id=row_id, step=steps[0].id)


def _begin_copy(copied: str, title: str, goal: str) -> str:
    with write_transaction() as session:
        row_id = duplicate(
            session, g.organization_id, copied, current_user.email, title=title, description=goal
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
