"""The base class of all pages over a table: permissions, and rows of one organization."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import abort, flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.exc import IntegrityError

from admin import formats
from admin.access.roles import OWNERS, admits, refuse
from admin.git_lock import GitLock, LockedByGit, git_conflict
from admin.tables.list_view import OrgListView
from walkthroughs.enums import Role
from walkthroughs.errors import HandrailError, ManagedByGit
from walkthroughs.models import db

_log = logging.getLogger(__name__)
#: Pages that change nothing. All other pages need a role that may write.
_READ_ONLY = frozenset({"index_view", "details_view", "export"})
_INTERNAL_ERROR = (
    "Something went wrong on our side and nothing was saved. It has been written to the log."
)


class OrgModelView(OrgListView):
    """Show rows of the member's organization to its owners. Others have pages for all they do.

    A subclass says whether owners may write.
    """

    is_table = True
    #: Whether the page has forms; `writers` lists the roles that may use them.
    creatable = False
    editable = False
    writers: frozenset[Role] = frozenset()
    #: The roles that may open the page at all.
    readers: frozenset[Role] = OWNERS
    #: The noun for one row, and the sentence at the top of the list.
    noun = "row"
    intro = ""
    #: The button that removes a row, and its effect; none if rows cannot be removed.
    removal: tuple[str, str] | None = None
    #: The message when a unique key is taken already.
    duplicate_message = "This exists already."
    #: Columns shown as a badge.
    badge_columns: tuple[str, ...] = ()
    column_formatters: dict[str, Any] = {}
    column_labels: dict[str, str] = {}

    can_delete = False  # `remove_view` asks first
    can_export = True
    can_view_details = True
    column_display_pk = False
    column_type_formatters = formats.BY_TYPE
    column_type_formatters_detail = formats.BY_TYPE
    column_type_formatters_export = formats.BY_TYPE
    page_size = 50
    most_counted = formats.MAX_COUNTED
    export_max_rows = 10_000
    action_disallowed_list = ("delete",)
    list_template = "handrail/list.html"
    create_template = "handrail/form.html"
    edit_template = "handrail/form.html"
    details_template = "handrail/details.html"

    def __init__(self, model: type[Any], name: str, category: str) -> None:
        names = [column.name for column in model.__table__.columns]
        times = [name for name in names if name.endswith("_at")]
        labels = {name: f"{_label(name)} (UTC)" for name in times}
        self.column_formatters = (
            dict.fromkeys(times, formats.format_time) | type(self).column_formatters
        )
        self.column_labels = labels | type(self).column_labels
        super().__init__(
            model,
            db,
            name=name,
            category=category,
            endpoint=model.__tablename__,
            url=f"tables/{model.__tablename__}",
        )

    @property
    def can_create(self) -> bool:
        """Return whether this member may add rows."""
        return self.creatable and self.may_write()

    @property
    def can_edit(self) -> bool:
        """Return whether this member may change rows."""
        return self.editable and self.may_write()

    def may_write(self) -> bool:
        """Return whether the member's role may write on this page."""
        return bool(g) and g.get("role") in self.writers

    def is_accessible(self) -> bool:
        """Admit members to pages that only read, and roles in `writers` to the others.

        The menu calls this on other pages, too: it lists the pages that a member can read.
        """
        may_read = g.get("role") in self.readers
        return may_read and admits(self.endpoint, _READ_ONLY, self.writers)

    def inaccessible_callback(self, name: str, **_: object) -> ResponseReturnValue:
        """Send a visitor to sign in; refuse a member whose role does not allow this."""
        return refuse()

    def locked(self, row: Any) -> GitLock | None:  # noqa: ANN401  a row
        """Return why *row* is read-only now; none if it can be changed."""
        return None

    def refuse_locked(self, row: Any) -> None:  # noqa: ANN401
        """Answer 409 with the reason, and a link to the file, if *row* is read-only."""
        locked = self.locked(row)
        if locked is not None:
            raise LockedByGit(locked)

    def get_one(self, id: str) -> Any:  # noqa: ANN401  a row
        """Return one of the organization's rows. Malformed, foreign and unknown ids are all 404."""
        query = db.session.query(self.model).filter(*self.row_filters(), self.model.id == str(id))
        return query.one_or_none() or abort(404)

    def get_export_value(self, model: Any, name: str) -> str:  # noqa: ANN401
        """Return the text of a CSV cell that no spreadsheet runs as a formula."""
        return formats.escape_formula(super().get_export_value(model, name))

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:  # noqa: ANN401
        """Put new rows into the member's organization."""
        if is_created:
            model.organization_id = g.organization_id

    def handle_view_exception(self, exc: Exception) -> bool:
        """Show errors that the member can correct. Log all others, and show no SQL."""
        if isinstance(exc, HandrailError):
            flash(str(exc), "error")
        elif isinstance(exc, IntegrityError):
            _log.warning("the database refused a change: %s", type(exc.orig).__name__)
            flash(self.duplicate_message, "error")
        else:
            _log.error("a change failed", exc_info=exc)
            flash(_INTERNAL_ERROR, "error")
        return True

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """Show or save the form. Show the details page of a read-only row instead."""
        row = self.get_one(request.args.get("id", ""))
        if request.method == "GET" and self.locked(row):
            return redirect(self.get_url(".details_view", id=row.id))
        self.refuse_locked(row)
        return super().edit_view()  # type: ignore[no-any-return]  # their page

    @expose("/remove/", methods=("GET", "POST"))
    def remove_view(self) -> ResponseReturnValue:
        """Ask first, then remove the row. Show the details page of a read-only row instead."""
        if self.removal is None:
            abort(404)
        row = self.get_one(request.args.get("id", ""))
        if request.method == "GET" and self.locked(row):
            return redirect(self.get_url(".details_view", id=row.id))
        self.refuse_locked(row)
        name = str(row)
        if request.method == "GET":
            return str(self.render("handrail/confirm.html", row=row, name=name))
        back = self.after_removal(row)
        with self.report_errors() as failed:
            self.remove(row)
        if not failed:
            flash(f"{self.removal[0]}: {name}.", "success")
        return redirect(back)

    def remove(self, row: Any) -> None:  # noqa: ANN401
        """Remove *row*: delete it here; a subclass may end or archive it instead."""
        db.session.delete(row)
        db.session.commit()

    def after_removal(self, row: Any) -> str:  # noqa: ANN401
        """Return the page to show after *row* was removed."""
        return str(self.get_url(".index_view"))

    @contextmanager
    def report_errors(self) -> Iterator[list[Exception]]:
        """Show the member why the block failed; the list then holds the error.

        Answer 409 if Git has taken over the walkthrough since the page was shown.
        """
        failed: list[Exception] = []
        try:
            yield failed
        except ManagedByGit as error:
            db.session.rollback()
            raise git_conflict(error.walkthrough_id) from error
        except Exception as error:  # noqa: BLE001  shown to the member, and logged
            db.session.rollback()
            failed.append(error)
            self.handle_view_exception(error)

    @expose("/delete/", methods=("POST",))
    def delete_view(self) -> ResponseReturnValue:
        """Closed: `remove_view` removes rows, and asks first."""
        self.refuse_locked(self.get_one(request.form.get("id", "")))
        abort(404)


def _label(name: str) -> str:
    return name.removesuffix("_at").replace("_", " ").capitalize()
