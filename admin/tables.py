"""The other tables: servers and assignments can be written, the rest only be read."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_admin.form import BaseForm
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from admin.base import OrgModelView
from walkthroughs.models import (
    ContentSource,
    McpServer,
    McpServerUser,
    McpServerWalkthrough,
    Member,
    Role,
    Walkthrough,
    WalkthroughProgress,
    WalkthroughVersion,
    db,
)

_SLUG = Regexp(r"^[a-z0-9][a-z0-9-]{1,62}$", message="Small letters, digits and hyphens.")
_DOMAIN = Regexp(r"^[a-z0-9.-]{4,253}$", message="A host name such as learn.example.com.")


class ServerForm(BaseForm):
    """An MCP server."""

    name = StringField(validators=[DataRequired(), Length(max=200)])
    slug = StringField(validators=[DataRequired(), _SLUG])
    custom_domain = StringField(
        validators=[Optional(), _DOMAIN], filters=[lambda typed: typed or None]
    )
    instructions = TextAreaField(validators=[Length(max=4000)])
    walkthrough_tools_enabled = BooleanField("Tools on", default=True)


class AssignmentForm(BaseForm):
    """A walkthrough on a server."""

    mcp_server_id = SelectField("Server", validators=[DataRequired()])
    walkthrough_id = SelectField("Walkthrough", validators=[DataRequired()])
    display_order = IntegerField(default=0, validators=[InputRequired(), NumberRange(0, 100_000)])
    is_enabled = BooleanField("On", default=True)


class ServerView(OrgModelView):
    """The organization's MCP servers."""

    can_create = True
    can_edit = True
    writers = frozenset({Role.OWNER})
    column_list = ("name", "slug", "custom_domain", "walkthrough_tools_enabled")
    column_searchable_list = ("name", "slug")
    form = ServerForm

    def __init__(self) -> None:
        super().__init__(McpServer, "Servers")


class AssignmentView(OrgModelView):
    """Which server offers which walkthrough."""

    can_create = True
    can_edit = True
    column_list = ("mcp_server", "walkthrough", "display_order", "is_enabled")
    form = AssignmentForm

    def __init__(self) -> None:
        super().__init__(McpServerWalkthrough, "Assignments")

    def create_form(self, obj: Any = None) -> Any:  # noqa: ANN401  Flask-Admin's protocol
        """Offer the organization's own servers and walkthroughs."""
        return self._with_choices(super().create_form(obj))

    def edit_form(self, obj: Any = None) -> Any:  # noqa: ANN401
        """Offer the organization's own servers and walkthroughs."""
        return self._with_choices(super().edit_form(obj))

    def _with_choices(self, form: Any) -> Any:  # noqa: ANN401
        for field, model, label in (
            (form.mcp_server_id, McpServer, McpServer.name),
            (form.walkthrough_id, Walkthrough, Walkthrough.title),
        ):
            rows = db.session.query(model).filter(model.organization_id == g.organization_id)
            field.choices = [(row.id, str(row)) for row in rows.order_by(label)]  # type: ignore[attr-defined]  # both have one
        return form


class LearnerView(OrgModelView):
    """The people who follow walkthroughs."""

    column_list = ("email", "created_at")
    column_searchable_list = ("email",)

    def __init__(self) -> None:
        super().__init__(McpServerUser, "Learners")


class ProgressView(OrgModelView):
    """Where each learner is."""

    column_list = ("mcp_server_user", "walkthrough", "status", "version", "active_at")
    column_default_sort = ("active_at", True)

    def __init__(self) -> None:
        super().__init__(WalkthroughProgress, "Progress")


class VersionView(OrgModelView):
    """What was published when, by whom."""

    column_list = ("walkthrough", "number", "level", "summary", "author", "git_commit")
    column_default_sort = ("created_at", True)

    def __init__(self) -> None:
        super().__init__(WalkthroughVersion, "Versions")


class SourceView(OrgModelView):
    """The Git repositories that own walkthroughs."""

    column_list = ("name", "url", "branch", "path", "synced_commit", "problems")

    def __init__(self) -> None:
        super().__init__(ContentSource, "Content sources")


class MemberView(OrgModelView):
    """Who may sign in for the organization."""

    column_list = ("user", "role")

    def __init__(self) -> None:
        super().__init__(Member, "Members")
