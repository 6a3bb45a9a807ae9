"""What every page over a table has in common: who may see it, and only their own rows."""

from __future__ import annotations

import logging
from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import AdminIndexView, expose
from flask_admin.contrib.sqla import ModelView
from flask_security import current_user
from sqlalchemy.orm import Query

from walkthroughs.errors import HandrailError
from walkthroughs.models import Role, db

_log = logging.getLogger(__name__)
_MAX_PAGE = 10_000


class HomeView(AdminIndexView):
    """The first page; signing in comes before it."""

    def is_accessible(self) -> bool:
        """Admit members only."""
        return g.get("organization_id") is not None

    def inaccessible_callback(self, name: str, **_: object) -> ResponseReturnValue:
        """Send a visitor to sign in; tell nothing else."""
        return _outside()


class OrgModelView(ModelView):
    """Rows of the member's organization. Reading only, unless a subclass says who may write."""

    can_create = False
    can_edit = False
    can_delete = False  # deleting is archiving, on a page of its own
    can_export = False
    can_view_details = True
    column_display_pk = False
    page_size = 50
    can_set_page_size = False
    action_disallowed_list = ("delete",)
    named_filter_urls = True
    #: Who may create and edit, where a page can at all.
    writers = frozenset({Role.OWNER, Role.EDITOR})

    def __init__(self, model: type[Any], name: str) -> None:
        super().__init__(model, db, name=name, endpoint=model.__tablename__)

    def is_accessible(self) -> bool:
        """Admit members; forms only those who may write."""
        if g.get("organization_id") is None:
            return False
        writes = request.endpoint in {f"{self.endpoint}.{verb}" for verb in _WRITING}
        return not writes or g.role in self.writers

    def inaccessible_callback(self, name: str, **_: object) -> ResponseReturnValue:
        """Send a visitor to sign in; tell a member that this is not theirs to do."""
        return _outside()

    def get_query(self) -> Query[Any]:
        """Return the organization's rows."""
        rows: Query[Any] = super().get_query()
        return rows.filter(self.model.organization_id == g.organization_id)

    def get_count_query(self) -> Query[Any]:
        """Count the organization's rows."""
        rows: Query[Any] = super().get_count_query()
        return rows.filter(self.model.organization_id == g.organization_id)

    def get_one(self, id: str) -> Any:  # noqa: ANN401  a row
        """Return one of the organization's rows; a malformed id is simply not there."""
        if not isinstance(id, str) or not id.isprintable() or len(id) > 80:
            return None
        return self.get_query().filter(self.model.id == id).one_or_none()

    def get_list(self, page: int | None, *rest: Any, **more: Any) -> Any:  # noqa: ANN401
        """List a page; a number out of range is brought into it."""
        return super().get_list(min(max(page or 0, 0), _MAX_PAGE), *rest, **more)

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:  # noqa: ANN401
        """Put new rows into the member's organization."""
        if is_created:
            model.organization_id = g.organization_id

    def handle_view_exception(self, exc: Exception) -> bool:
        """Tell what a person can act on; log the rest, and show no SQL."""
        if isinstance(exc, HandrailError):
            flash(str(exc), "error")
        else:
            _log.error("a change was refused", exc_info=exc)
            flash(
                "This could not be saved: it is used elsewhere, or a value is taken already.",
                "error",
            )
        return True

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


_WRITING = ("create_view", "edit_view", "delete_view", "archive_view")


def _outside() -> ResponseReturnValue:
    if current_user.is_authenticated:
        abort(404)
    return redirect(url_for("security.login", next=request.full_path.rstrip("?")))
