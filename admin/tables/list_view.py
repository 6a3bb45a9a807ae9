"""The list of a table: rows of one organization, up to a number of them that can be counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort, g
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.orm import Query, selectinload

from admin.formats import counted
from walkthroughs.models import db


class OrgListView(ModelView):
    """Show rows of the member's organization only. What no page uses of Flask-Admin is closed."""

    #: Rows that are counted and paged through at most; of a search, where it takes longer.
    most_counted: int
    most_found: int | None = None
    _shown_beside: Sequence[Any] = ()

    def row_filters(self) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions for all queries of the page. Extend them, never replace them."""
        return (self.model.organization_id == g.organization_id,)

    def list_filters(self) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions of the list, in addition to `row_filters`."""
        return ()

    def get_query(self) -> Query[Any]:
        """Return the query for the rows of the list."""
        rows: Query[Any] = super().get_query().options(*map(selectinload, self._shown_beside))
        return rows.filter(*self.row_filters(), *self.list_filters())

    def scaffold_auto_joins(self) -> list[Any]:
        """Join nothing: what is shown beside a row is read of the rows of the page alone.

        With a join it would be read of the rows on all the pages before, too.
        """
        self._shown_beside = super().scaffold_auto_joins()
        return []

    def get_count_query(self) -> Query[Any]:
        """Count what `get_query` returns, up to one more than `most_counted`."""
        counted = _BoundedCount([literal(1)], db.session())
        counted.most = self.most_counted
        rows: Query[Any] = counted.select_from(self.model)
        return rows.filter(*self.row_filters(), *self.list_filters())

    def get_list(self, page: int | None, *rest: Any, **more: Any) -> Any:  # noqa: ANN401
        """Return one page of the list; replace a page number out of range by the nearest one.

        Pages end with the rows that are counted: those behind them are found by the search.
        """
        size = more.get("page_size") or self.page_size
        asked = min(max(page or 0, 0), self._most(rest) // size - 1)
        count, rows = super().get_list(asked, *rest, **more)
        g.list_count = counted(count, self._most(rest))
        g.list_page = min(asked, max(0, (count - 1) // size))
        if g.list_page == asked:
            return count, rows
        return super().get_list(g.list_page, *rest, **more)

    def _apply_pagination(
        self, query: Query[Any], page: int | None, page_size: int | None
    ) -> Query[Any]:
        """Find the rows of a page by their ids: of those before it, an index has all it takes."""
        if not (page_size or self.page_size):
            return super()._apply_pagination(query, page, page_size)  # type: ignore[no-any-return]
        ids = super()._apply_pagination(query.with_entities(self.model.id), page, page_size)
        return query.filter(self.model.id.in_(ids.scalar_subquery()))

    def search_filter(self, words: str) -> ColumnElement[bool] | None:
        """Return the condition for rows that are searched for; none: parts of the columns."""
        return None

    def _apply_search(
        self,
        query: Query[Any],
        number: Query[Any],
        *rest: Any,  # noqa: ANN401
    ) -> tuple[Query[Any], Query[Any], Any, Any]:
        """Narrow the list and its number; Flask-Admin ends the arguments with joins and words."""
        *joins, words = rest
        found = self.search_filter(words.strip())
        if found is None:
            return super()._apply_search(query, number, *rest)  # type: ignore[no-any-return]
        if self.most_found is not None and isinstance(number, _BoundedCount):
            number.most = self.most_found
        return query.filter(found), number.filter(found), joins[0], joins[1]

    def _most(self, asked: Sequence[Any]) -> int:
        """Return how many rows are counted; *asked* are the arguments of Flask-Admin's list."""
        _sort, _is_descending, words, *_ = (*asked, None, None, None)
        return self.most_found if words and self.most_found is not None else self.most_counted

    @expose("/ajax/lookup/")
    def ajax_lookup(self) -> ResponseReturnValue:
        """Closed: no page uses it, and it would show any column."""
        abort(404)

    @expose("/ajax/update/", methods=("POST",))
    def ajax_update(self) -> ResponseReturnValue:
        """Closed: it would write without asking `can_edit`."""
        abort(404)

    @expose("/action/", methods=("POST",))
    def action_view(self) -> ResponseReturnValue:
        """Closed: the dashboard has no actions on several rows."""
        abort(404)


class _BoundedCount(Query[Any]):
    """The rows of a list, whose one value is how many they are: at most one too many."""

    most: int

    def scalar(self) -> int:
        rows = self.limit(self.most + 1).subquery()
        return db.session.scalar(select(func.count()).select_from(rows)) or 0
