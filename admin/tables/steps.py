"""Steps: forms, moving, archiving. Their list is on the page of their walkthrough."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.form import BaseForm
from sqlalchemy import ColumnElement

from admin.forms import NewStepForm, StepForm, text_of
from admin.git_lock import GitLock, LockedByGit, locked_by_git
from admin.tables.publishing_page import ContentView, change
from walkthroughs.content.values import StepContent, WalkthroughContent
from walkthroughs.ids import author_id
from walkthroughs.models import Walkthrough, WalkthroughStep, db


class StepView(ContentView):
    """The live steps of the organization's walkthroughs."""

    noun = "step"
    intro = "Every live step. Open a walkthrough to see its steps in order."
    removal = ("Archive", "Learners skip it from now on. Those who have done it keep that.")
    column_list = ("title", "walkthrough", "section_title", "display_order")
    column_labels = {"display_order": "Place", "section_title": "Section"}
    column_formatters = {"display_order": lambda _v, _c, row, _n: row.display_order + 1}
    column_searchable_list = ("title",)  # texts are searched in the list of walkthroughs
    column_default_sort = [("walkthrough_id", False), ("display_order", False)]
    column_details_list = (*column_list, "content", "agent_instructions", "verify")
    form = StepForm

    def __init__(self) -> None:
        super().__init__(WalkthroughStep, "Steps", "Content")

    def row_filters(self) -> tuple[ColumnElement[bool], ...]:
        """Leave out archived steps: they are history."""
        return (*super().row_filters(), WalkthroughStep.archived_at.is_(None))

    def locked(self, row: WalkthroughStep) -> GitLock | None:
        """Return the lock of its walkthrough, with the manifest: it lists the step's file."""
        return locked_by_git(row.walkthrough, "Its file is one of those listed in")

    def get_create_form(self) -> type[BaseForm]:
        """Return the form with the walkthrough to choose."""
        return NewStepForm

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Show or save the form. Show the page of a walkthrough that Git manages instead."""
        query = db.session.query(Walkthrough).filter(
            Walkthrough.organization_id == g.organization_id,
            Walkthrough.id == request.values.get("walkthrough_id", ""),
        )
        row = query.one_or_none()
        locked = locked_by_git(row) if row is not None else None
        if row is None or locked is None:
            return super().create_view()  # type: ignore[no-any-return]  # their page
        if request.method == "POST":
            raise LockedByGit(locked)
        return redirect(self.get_url("walkthroughs.details_view", id=row.id))

    def create_form(self, obj: Any = None) -> Any:  # noqa: ANN401
        """Offer the organization's own walkthroughs that Git does not manage."""
        form = super().create_form(obj)
        rows = db.session.query(Walkthrough).filter(
            Walkthrough.organization_id == g.organization_id,
            Walkthrough.source_id.is_(None),
            Walkthrough.archived_at.is_(None),
        )
        form.walkthrough_id.choices = [(row.id, row.title) for row in rows.order_by("title")]
        if request.method == "GET":
            form.walkthrough_id.data = request.args.get("walkthrough_id")
        return form

    def edit_form(self, obj: Any = None) -> Any:  # noqa: ANN401
        """Show the place, counted from 1."""
        form = super().edit_form(obj)
        if obj is not None and request.method == "GET":
            form.position.data = obj.display_order + 1
        return form

    def create_content(self, form: Any) -> str:  # noqa: ANN401
        """Put the new step into its walkthrough."""
        step = _step_from_form(StepContent(author_id(), "", ""), form)
        change(form.walkthrough_id.data, lambda live: _move_step(live, step, form.position.data))
        query = db.session.query(WalkthroughStep).filter(WalkthroughStep.external_id == step.id)
        return str(query.one().id)

    def update_content(self, form: Any, row: WalkthroughStep) -> None:  # noqa: ANN401
        """Publish the step's text and place."""
        name, position = row.external_id, form.position.data or row.display_order + 1
        change(
            row.walkthrough_id,
            lambda live: _move_step(live, _step_from_form(_step(live, name), form), position),
        )

    def remove(self, row: WalkthroughStep) -> None:
        """Publish the walkthrough without the step."""
        name = row.external_id
        change(
            row.walkthrough_id,
            lambda live: replace(live, steps=tuple(s for s in live.steps if s.id != name)),
        )

    @expose("/move/", methods=("POST",))
    def move_view(self) -> ResponseReturnValue:
        """Move the step one place up, or down."""
        row = self.get_one(request.args.get("id", ""))
        self.refuse_locked(row)
        name, back = row.external_id, self.after_removal(row)
        position = row.display_order + (2 if request.form.get("to") == "down" else 0)
        with self.report_errors():
            change(
                row.walkthrough_id,
                lambda live: _move_step(live, _step(live, name), max(position, 1)),
            )
        return redirect(f"{back}#steps")

    def after_removal(self, row: WalkthroughStep) -> str:
        """Go to the walkthrough's page."""
        return str(self.get_url("walkthroughs.details_view", id=row.walkthrough_id))

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:  # noqa: ANN401
        """Go to the walkthrough's page."""
        return self.after_removal(model)


def _step(content: WalkthroughContent, name: str) -> StepContent:
    return next(step for step in content.steps if step.id == name)


def _step_from_form(step: StepContent, form: Any) -> StepContent:  # noqa: ANN401
    return replace(
        step,
        title=form.title.data.strip(),
        section=text_of(form.section_title.data),
        content=text_of(form.content.data) or "",
        agent_instructions=text_of(form.agent_instructions.data),
        verify=text_of(form.verify.data),
    )


def _move_step(
    content: WalkthroughContent, step: StepContent, position: int | None
) -> WalkthroughContent:
    """Return *content* with *step* at *position*, counted from 1, and nowhere else."""
    others = [other for other in content.steps if other.id != step.id]
    at = len(others) if position is None else position - 1
    return replace(content, steps=(*others[:at], step, *others[at:]))
