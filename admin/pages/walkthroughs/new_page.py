"""Begin a walkthrough: a title, what people can do at the end, and a template."""

from __future__ import annotations

from dataclasses import replace

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from admin.pages.page import Page
from admin.saving import write_transaction
from admin.starters import STARTERS, Starter
from walkthroughs.content.draft import Details
from walkthroughs.content.json_shape import as_field
from walkthroughs.content.limits import line_fault
from walkthroughs.content.separate import normalized
from walkthroughs.errors import DraftRefused
from walkthroughs.models import Walkthrough, db
from walkthroughs.publishing import create
from walkthroughs.publishing.draft_rows import lock_draft


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
        chosen = next((s for s in STARTERS if s.id == request.form.get("starter")), STARTERS[0])
        fault = self._fault(title, goal) if request.method == "POST" else None
        if request.method == "POST" and fault is None:
            with write_transaction() as session:
                row_id, step_id = _begin(session, title, goal, chosen)
            return redirect(url_for("editor.index", walkthrough_id=row_id, step=step_id), code=303)
        values = {"title": title, "goal": goal, "starters": STARTERS, "chosen": chosen}
        page = str(self.render("handrail/new.html", fault=fault, same=_same(title), **values))
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


def _begin(session: Session, title: str, goal: str, starter: Starter) -> tuple[str, str]:
    """Store the walkthrough and its draft; return its id and the first step's author id."""
    row_id = create.create_unwritten(session, g.organization_id, title)
    row = lock_draft(session, g.organization_id, row_id)
    steps = tuple(starter.steps())
    draft = replace(row.draft, details=Details(title, goal), steps=steps, revision=1)
    row.store(session, draft, current_user.email)
    flash("The draft is begun. Nothing is live before you publish it.", "success")
    return row_id, steps[0].id


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
