"""Pages of walkthroughs: the list, the details with the steps, and the form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import ColumnElement

from admin.forms import WalkthroughForm, text_of
from admin.git_lock import GitLock, locked_by_git
from admin.saving import write_transaction
from admin.tables.publishing_page import ContentView, change, origin
from walkthroughs.content.values import WalkthroughContent
from walkthroughs.ids import author_id
from walkthroughs.models import McpServerWalkthrough, Walkthrough, WalkthroughVersion, db
from walkthroughs.publishing import create, writer
from walkthroughs.publishing.many import Deed, do_to_all

_VERSIONS_SHOWN = 5


def _state(_view: object, _context: object, row: Walkthrough, _name: str) -> str:
    if row.archived_at is not None:
        return "Archived"
    return "Published" if row.is_published else "Draft"


def _owner(_view: object, _context: object, row: Walkthrough, _name: str) -> str:
    return "Git" if row.source_id else "Dashboard"


class WalkthroughView(ContentView):
    """The organization's walkthroughs."""

    noun = "walkthrough"
    intro = "Step-by-step guides that your users' assistants follow."
    removal = ("Archive", "Learners no longer see it. Their progress and its history stay.")
    column_list = ("title", "state", "managed_by", "step_count", "version", "updated_at")
    column_labels = {"step_count": "Steps", "managed_by": "Managed by"}
    column_formatters = {"state": _state, "managed_by": _owner}
    column_sortable_list = ("title", "step_count", "version", "updated_at")
    column_searchable_list = ("title", "description")
    column_default_sort = "title"
    badge_columns = ("state", "managed_by")
    details_template = "handrail/walkthrough.html"
    form = WalkthroughForm

    def __init__(self) -> None:
        super().__init__(Walkthrough, "Walkthroughs", "Content")

    def list_filters(self) -> tuple[ColumnElement[bool], ...]:
        """Show archived walkthroughs if the address asks for them, else the others."""
        archived = Walkthrough.archived_at.is_not(None)
        return (archived if request.args.get("archived") else ~archived,)

    def locked(self, row: Walkthrough) -> GitLock | None:
        """Return the lock if Git manages the walkthrough."""
        return locked_by_git(row)

    def create_content(self, form: Any) -> str:  # noqa: ANN401
        """Create a walkthrough without steps."""
        content = _walkthrough_from_form(WalkthroughContent(author_id(), form.title.data), form)
        with write_transaction() as session:
            created = create.create(
                session,
                g.organization_id,
                content,
                origin(),
                is_published=form.is_published.data,
            )
        return created.walkthrough_id

    def update_content(self, form: Any, row: Walkthrough) -> None:  # noqa: ANN401
        """Publish the new title, description, minutes and state."""
        published = form.is_published.data
        change(row.id, lambda live: _walkthrough_from_form(live, form), is_published=published)

    def remove(self, row: Walkthrough) -> None:
        """Archive the walkthrough."""
        row_id = row.id
        with write_transaction() as session:
            writer.archive(session, g.organization_id, row_id, origin())

    @expose("/restore/", methods=("POST",))
    def restore_view(self) -> ResponseReturnValue:
        """Bring an archived walkthrough back."""
        row = self.get_one(request.args.get("id", ""))
        self.refuse_locked(row)
        row_id, title = row.id, row.title
        with self.report_errors() as failed, write_transaction() as session:
            do_to_all(session, g.organization_id, [row_id], Deed.RESTORE)
        if not failed:
            flash(f"Restored: {title}.", "success")
        return redirect(self.get_url(".details_view", id=row_id))

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:  # noqa: ANN401
        """Go to the walkthrough's page."""
        return str(self.get_url(".details_view", id=model.id))

    def render(self, template: str, **values: Any) -> str:  # noqa: ANN401
        """Add the values that only the details page shows."""
        if template == self.details_template:
            row = values["model"]
            values |= {
                "state": _state(self, None, row, ""),
                "locked": self.locked(row),
                "assignments": _rows_of(McpServerWalkthrough, row).all(),
                "versions": _rows_of(WalkthroughVersion, row)
                .order_by(WalkthroughVersion.number.desc())
                .limit(_VERSIONS_SHOWN)
                .all(),
            }
        return str(super().render(template, **values))


def _rows_of(model: Any, row: Walkthrough) -> Any:  # noqa: ANN401  rows of any table
    return db.session.query(model).filter(
        model.organization_id == g.organization_id, model.walkthrough_id == row.id
    )


def _walkthrough_from_form(content: WalkthroughContent, form: Any) -> WalkthroughContent:  # noqa: ANN401
    return replace(
        content,
        title=form.title.data.strip(),
        description=text_of(form.description.data),
        estimated_minutes=form.estimated_minutes.data,
    )
