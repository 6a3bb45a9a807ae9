"""Walkthroughs and steps. Every change goes through the publishing writer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import abort, flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.form import BaseForm
from flask_admin.model.template import EndpointLinkRowAction
from flask_security import current_user
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, NumberRange, Optional, ValidationError

from admin.base import OrgModelView
from walkthroughs import publishing
from walkthroughs.content import StepContent, WalkthroughContent
from walkthroughs.errors import HandrailError
from walkthroughs.ids import id_factory
from walkthroughs.markdown import refusals
from walkthroughs.models import Walkthrough, WalkthroughStep, db
from walkthroughs.publishing import Origin
from walkthroughs.runtime import runtime

_new_author_id = id_factory("id")
_LINE = (DataRequired(), Length(max=200))


def _readable(_: Any, field: Any) -> None:  # noqa: ANN401  WTForms' protocol
    """Refuse text that a reviewer cannot see, as the parser of files does."""
    found = refusals((field.data or "").replace("\r\n", "\n"))
    if found:
        message = f"Line {found[0].line}: {found[0].message}."
        raise ValidationError(message)


class WalkthroughForm(BaseForm):
    """What a walkthrough says about itself."""

    title = StringField(validators=[*_LINE, _readable])
    description = TextAreaField(validators=[Length(max=2000), _readable])
    estimated_minutes = IntegerField(validators=[Optional(), NumberRange(1, 10_000)])
    is_published = BooleanField("Published", description="Learners see it where it is assigned.")


class StepForm(BaseForm):
    """One step, by audience."""

    title = StringField(validators=[*_LINE, _readable])
    section_title = StringField("Section", validators=[Length(max=200), _readable])
    position = IntegerField(
        validators=[Optional(), NumberRange(1, 500)], description="Empty: at the end."
    )
    content = TextAreaField(
        "Content (Markdown)", validators=[DataRequired(), Length(max=65_536), _readable]
    )
    agent_instructions = TextAreaField(
        "For the assistant only", validators=[Length(max=65_536), _readable]
    )
    verify = TextAreaField("Check before going on", validators=[Length(max=65_536), _readable])


class NewStepForm(StepForm):
    """A step and where it goes."""

    walkthrough_id = SelectField("Walkthrough", validators=[DataRequired()])


class ContentView(OrgModelView):
    """A table whose rows only the publishing writer changes."""

    can_create = True
    can_edit = True

    def get_list_row_actions(self) -> list[Any]:
        """Add archiving, for those who may."""
        actions: list[Any] = super().get_list_row_actions()
        if g.role in self.writers:
            endpoint = f"{self.endpoint}.archive_view"
            actions.append(EndpointLinkRowAction("fa fa-archive", endpoint, "Archive"))
        return actions

    @expose("/archive/", methods=("GET", "POST"))
    def archive_view(self) -> ResponseReturnValue:
        """Ask, then archive: hidden, and nothing of any learner's is lost."""
        row = self.get_one(request.args.get("id", ""))
        if row is None:
            abort(404)
        if request.method == "GET":
            return str(self.render("handrail/archive.html", row=row))
        if self._tried(lambda: self._archive(row)):
            flash(f'"{row.title}" is archived.', "success")
        return redirect(self.get_url(".index_view"))

    def create_model(self, form: Any) -> Any:  # noqa: ANN401  Flask-Admin's protocol
        """Create through the writer."""
        made = self._tried(lambda: self._create(form))
        return self.get_one(made) if made else False

    def update_model(self, form: Any, model: Any) -> bool:  # noqa: ANN401
        """Publish the change as the next version."""
        return bool(self._tried(lambda: self._update(form, model)))

    def _create(self, form: Any) -> str:  # noqa: ANN401
        raise NotImplementedError

    def _update(self, form: Any, row: Any) -> str:  # noqa: ANN401
        raise NotImplementedError

    def _archive(self, row: Any) -> str:  # noqa: ANN401
        raise NotImplementedError

    def _tried(self, work: Callable[[], str]) -> str | None:
        """Return the id that *work* returns; tell the member why, if it cannot be done."""
        try:
            done = work()
        except HandrailError as error:
            self.handle_view_exception(error)
            return None
        db.session.expire_all()
        return done

    def _publish(
        self, row_id: str, change: Callable[[WalkthroughContent], WalkthroughContent]
    ) -> None:
        with runtime().database.transaction() as session:
            old = publishing.read_content(session, g.organization_id, row_id)
            publishing.publish(session, g.organization_id, row_id, change(old), _origin())


class WalkthroughView(ContentView):
    """The organization's walkthroughs."""

    column_list = ("title", "version", "step_count", "is_published", "source", "archived_at")
    column_searchable_list = ("title", "description")
    column_filters = ("is_published",)
    column_default_sort = "title"
    column_details_list = (*column_list, "description", "estimated_minutes", "steps")
    form = WalkthroughForm

    def __init__(self) -> None:
        super().__init__(Walkthrough, "Walkthroughs")

    def _create(self, form: Any) -> str:  # noqa: ANN401
        content = _described(WalkthroughContent(_new_author_id(), form.title.data), form)
        with runtime().database.transaction() as session:
            made = publishing.create(session, g.organization_id, content, _origin())
            publishing.set_published(
                session, g.organization_id, made.walkthrough_id, form.is_published.data, _origin()
            )
        return made.walkthrough_id

    def _update(self, form: Any, row: Walkthrough) -> str:  # noqa: ANN401
        self._publish(row.id, lambda old: _described(old, form))
        with runtime().database.transaction() as session:
            publishing.set_published(
                session, g.organization_id, row.id, form.is_published.data, _origin()
            )
        return row.id

    def _archive(self, row: Walkthrough) -> str:
        with runtime().database.transaction() as session:
            publishing.archive(session, g.organization_id, row.id, _origin())
        return row.id


class StepView(ContentView):
    """The live steps of the organization's walkthroughs."""

    column_list = ("walkthrough", "display_order", "section_title", "title")
    column_labels = {"display_order": "Place"}  # noqa: RUF012  Flask-Admin's form
    column_formatters = {"display_order": lambda _v, _c, row, _n: row.display_order + 1}  # noqa: RUF012
    column_searchable_list = ("title", "content")
    column_default_sort = [("walkthrough_id", False), ("display_order", False)]  # noqa: RUF012
    column_details_list = (*column_list, "content", "agent_instructions", "verify")
    form = StepForm

    def __init__(self) -> None:
        super().__init__(WalkthroughStep, "Steps")

    def get_query(self) -> Any:  # noqa: ANN401
        """Return live steps; archived ones are history."""
        return super().get_query().filter(WalkthroughStep.archived_at.is_(None))

    def get_count_query(self) -> Any:  # noqa: ANN401
        """Count live steps."""
        return super().get_count_query().filter(WalkthroughStep.archived_at.is_(None))

    def get_create_form(self) -> type[BaseForm]:
        """Ask for the walkthrough, too."""
        return NewStepForm

    def create_form(self, obj: Any = None) -> Any:  # noqa: ANN401
        """Offer the organization's own walkthroughs, and none that Git manages."""
        form = super().create_form(obj)
        rows = db.session.query(Walkthrough).filter(
            Walkthrough.organization_id == g.organization_id,
            Walkthrough.source_id.is_(None),
            Walkthrough.archived_at.is_(None),
        )
        form.walkthrough_id.choices = [(row.id, row.title) for row in rows.order_by("title")]
        return form

    def edit_form(self, obj: Any = None) -> Any:  # noqa: ANN401
        """Show the place, counted from 1."""
        form = super().edit_form(obj)
        if obj is not None and request.method == "GET":
            form.position.data = obj.display_order + 1
        return form

    def _create(self, form: Any) -> str:  # noqa: ANN401
        step = _filled(StepContent(_new_author_id(), "", ""), form)
        self._publish(form.walkthrough_id.data, lambda old: _placed(old, step, form.position.data))
        query = db.session.query(WalkthroughStep).filter(WalkthroughStep.external_id == step.id)
        return str(query.one().id)

    def _update(self, form: Any, row: WalkthroughStep) -> str:  # noqa: ANN401
        def change(old: WalkthroughContent) -> WalkthroughContent:
            step = next(each for each in old.steps if each.id == row.external_id)
            return _placed(old, _filled(step, form), form.position.data or row.display_order + 1)

        self._publish(row.walkthrough_id, change)
        return row.id

    def _archive(self, row: WalkthroughStep) -> str:
        self._publish(
            row.walkthrough_id,
            lambda old: replace(
                old, steps=tuple(step for step in old.steps if step.id != row.external_id)
            ),
        )
        return row.id


def _origin() -> Origin:
    return Origin(author=current_user.email)


def _described(content: WalkthroughContent, form: Any) -> WalkthroughContent:  # noqa: ANN401
    return replace(
        content,
        title=form.title.data.strip(),
        description=_text(form.description.data),
        estimated_minutes=form.estimated_minutes.data,
    )


def _filled(step: StepContent, form: Any) -> StepContent:  # noqa: ANN401
    return replace(
        step,
        title=form.title.data.strip(),
        section=_text(form.section_title.data),
        content=_text(form.content.data) or "",
        agent_instructions=_text(form.agent_instructions.data),
        verify=_text(form.verify.data),
    )


def _placed(
    content: WalkthroughContent, step: StepContent, position: int | None
) -> WalkthroughContent:
    """Return *content* with *step* at a place counted from 1, wherever it was before."""
    others = [each for each in content.steps if each.id != step.id]
    at = len(others) if position is None else position - 1
    return replace(content, steps=(*others[:at], step, *others[at:]))


def _text(typed: str | None) -> str | None:
    """Return what a form sent with the line endings of files; none if it is empty."""
    return (typed or "").replace("\r\n", "\n").strip("\n") or None
