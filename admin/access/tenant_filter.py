"""Limit the dashboard's session to one organization."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import g, has_request_context
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, scoped_session, with_loader_criteria
from sqlalchemy.orm.interfaces import ORMOption

from walkthroughs.models.base import Scoped


class WrongOrganization(Exception):
    """A row of another organization was about to be written. A bug, or an attack."""


def current_organization_id() -> str | None:
    """Return the organization that this request may see; none if no member is signed in."""
    return getattr(g, "organization_id", None) if has_request_context() else None


def install(session: scoped_session[Any]) -> None:
    """Limit *session* to one organization. Without one it reads and writes no rows.

    Applications share the session: the second one must not add each condition once more.
    """
    if event.contains(session, "do_orm_execute", _read_own_only):
        return
    event.listen(session, "do_orm_execute", _read_own_only)
    event.listen(session, "before_flush", _write_own_only)


def _read_own_only(state: ORMExecuteState) -> None:
    state.statement = state.statement.options(_rows_of(current_organization_id() or ""))


@lru_cache(maxsize=256)  # making one takes longer than most queries of a page
def _rows_of(organization_id: str) -> ORMOption:
    return with_loader_criteria(
        Scoped,
        lambda table: table.organization_id == organization_id,
        include_aliases=True,
    )


def _write_own_only(session: Session, *_: object) -> None:
    organization_id = current_organization_id()
    for row in {*session.new, *session.dirty, *session.deleted}:
        if isinstance(row, Scoped) and row.organization_id != organization_id:
            message = f"a {type(row).__name__} of another organization"
            raise WrongOrganization(message)
