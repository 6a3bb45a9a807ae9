"""What every page over a table has in common: who may see it, and only their own rows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_security import current_user
from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Query

from admin import formats
from admin.git_lock import GitLock, LockedByGit, git_conflict
from walkthroughs.enums import Role
from walkthroughs.errors import HandrailError, ManagedByGit
from walkthroughs.models import db

_log = logging.getLogger(__name__)
#: Pages that change nothing. Any other one is closed to those who may not write.
_READ_ONLY = frozenset({"index_view", "details_view", "export"})
_INTERNAL_ERROR = (
    "Something went wrong on our side and nothing was saved. It has been written to the log."
)


class OrgModelView(ModelView):
    """Rows of the member's organization. Reading only, unless a subclass says more."""

    #: What the page offers at all; `writers` says to whom.
    creatable = False
    editable = False
    writers: frozenset[Role] = frozenset()
    #: One of the table's rows, in a sentence; and what the page is about.
    noun = "row"
    intro = ""
    #: What taking a row away is called, and what it does; none if there is no such thing.
    removal: tuple[str, str] | None = None
    #: What a refused unique key means.
    duplicate_message = "This exists already."
    #: Columns shown as a mark rather than as text.
    badge_columns: tuple[str, ...] = ()
    column_formatters: dict[str, Any] = {}
    column_labels: dict[str, str] = {}

    can_delete = False  # taking away asks first, on a page of its own
    can_export = True
    can_view_details = True
    column_display_pk = False
    column_type_formatters = formats.BY_TYPE
    column_type_formatters_detail = formats.BY_TYPE
    column_type_formatters_export = formats.BY_TYPE
    page_size = 50
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
        super().__init__(model, db, name=name, category=category, endpoint=model.__tablename__)

    @property
    def can_create(self) -> bool:
        """Return whether this member may add rows."""
        return self.creatable and self.may_write()

    @property
    def can_edit(self) -> bool:
        """Return whether this member may change rows."""
        return self.editable and self.may_write()

    def may_write(self) -> bool:
        """Return whether the member's role allows changes here."""
        return bool(g) and g.get("role") in self.writers

    def is_accessible(self) -> bool:
        """Admit members to pages that only read; to all else those whose role may write here.

        The menu asks, too, while another page is shown: it names the pages that a member can read.
        """
        if g.get("organization_id") is None:
            return False
        endpoint, _, page = str(request.endpoint).partition(".")
        reads = page in _READ_ONLY and request.method in {"GET", "HEAD", "OPTIONS"}
        return endpoint != self.endpoint or reads or self.may_write()

    def inaccessible_callback(self, name: str, **_: object) -> ResponseReturnValue:
        """Send a visitor to sign in; refuse a member whose role does not allow this."""
        return _redirect_to_sign_in()

    def row_filters(self) -> tuple[ColumnElement[bool], ...]:
        """Return what a row must fulfil to be found at all. Extend it, never replace it."""
        return (self.model.organization_id == g.organization_id,)

    def list_filters(self) -> tuple[ColumnElement[bool], ...]:
        """Return what the list is narrowed to, on top of `row_filters`."""
        return ()

    def locked(self, row: Any) -> GitLock | None:  # noqa: ANN401  a row
        """Return why *row* cannot be changed now; none if it can."""
        return None

    def refuse_locked(self, row: Any) -> None:  # noqa: ANN401
        """Answer 409, with the way to change it, if *row* cannot be changed here."""
        locked = self.locked(row)
        if locked is not None:
            raise LockedByGit(locked)

    def get_query(self) -> Query[Any]:
        """Return the organization's rows, as far as the list shows them."""
        rows: Query[Any] = super().get_query()
        return rows.filter(*self.row_filters(), *self.list_filters())

    def get_count_query(self) -> Query[Any]:
        """Count what `get_query` returns."""
        rows: Query[Any] = super().get_count_query()
        return rows.filter(*self.row_filters(), *self.list_filters())

    def get_one(self, id: str) -> Any:  # noqa: ANN401  a row
        """Return one of the organization's rows. Malformed, foreign and unknown ids are all 404."""
        query = db.session.query(self.model).filter(*self.row_filters(), self.model.id == str(id))
        return query.one_or_none() or abort(404)

    def get_list(self, page: int | None, *rest: Any, **more: Any) -> Any:  # noqa: ANN401
        """List a page; a number out of range is brought into it."""
        size = more.get("page_size") or self.page_size
        count, rows = super().get_list(0, *rest, **more)
        g.list_page = min(max(page or 0, 0), max(0, (count - 1) // size))
        return super().get_list(g.list_page, *rest, **more) if g.list_page else (count, rows)

    def get_export_value(self, model: Any, name: str) -> str:  # noqa: ANN401
        """Return a cell that no spreadsheet runs."""
        return formats.escape_formula(super().get_export_value(model, name))

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:  # noqa: ANN401
        """Put new rows into the member's organization."""
        if is_created:
            model.organization_id = g.organization_id

    def handle_view_exception(self, exc: Exception) -> bool:
        """Show errors that a person can act on; log all others, and show no SQL."""
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
        """Show or take the form; a row that cannot be changed is shown, and not changed."""
        row = self.get_one(request.args.get("id", ""))
        if request.method == "GET" and self.locked(row):
            return redirect(self.get_url(".details_view", id=row.id))
        self.refuse_locked(row)
        return super().edit_view()  # type: ignore[no-any-return]  # their page

    @expose("/remove/", methods=("GET", "POST"))
    def remove_view(self) -> ResponseReturnValue:
        """Ask, then take the row away; one that cannot be changed is shown, and stays."""
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
        """Take *row* away; here by deleting it."""
        db.session.delete(row)
        db.session.commit()

    def after_removal(self, row: Any) -> str:  # noqa: ANN401
        """Return where to go when *row* is gone."""
        return str(self.get_url(".index_view"))

    @contextmanager
    def report_errors(self) -> Iterator[list[Exception]]:
        """Show the member why the block failed, if it did; the list then holds the error.

        What Git has come to own since the page was read is answered like what it owned before.
        """
        failed: list[Exception] = []
        try:
            yield failed
        except ManagedByGit as error:
            db.session.rollback()
            raise git_conflict(error.walkthrough_id) from error
        except Exception as error:  # noqa: BLE001  the edge: answered in words, and logged
            db.session.rollback()
            failed.append(error)
            self.handle_view_exception(error)

    @expose("/ajax/lookup/")
    def ajax_lookup(self) -> ResponseReturnValue:
        """Closed: no page uses it, and it answers questions about any column."""
        abort(404)

    @expose("/ajax/update/", methods=("POST",))
    def ajax_update(self) -> ResponseReturnValue:
        """Closed: it writes past `can_edit`."""
        abort(404)

    @expose("/action/", methods=("POST",))
    def action_view(self) -> ResponseReturnValue:
        """Closed: nothing is done to many rows at once."""
        abort(404)

    @expose("/delete/", methods=("POST",))
    def delete_view(self) -> ResponseReturnValue:
        """Closed: rows are taken away on a page that asks first."""
        self.refuse_locked(self.get_one(request.form.get("id", "")))
        abort(404)


def _redirect_to_sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        abort(404)
    return redirect(url_for("security.login", next=request.full_path.rstrip("?")))


def _label(name: str) -> str:
    return name.removesuffix("_at").replace("_", " ").capitalize()
