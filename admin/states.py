"""The state of a walkthrough in one word, the same in each list, page and file."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, or_

from walkthroughs.models import Walkthrough


class State(StrEnum):
    """Where a walkthrough is between its first word and its archive."""

    DRAFT = "draft"
    LIVE = "live"
    HIDDEN = "hidden"
    ARCHIVED = "archived"


def state_sql() -> ColumnElement[str]:
    """Return the state as an expression over the columns of `Walkthrough`.

    A draft was never shown to learners: it has no version yet, or its repository says that it
    is one. What learners could see before, and cannot now, is hidden.
    """
    never_shown = or_(Walkthrough.version == 0, Walkthrough.source_id.is_not(None))
    return case(
        (Walkthrough.archived_at.is_not(None), State.ARCHIVED.value),
        (Walkthrough.is_published, State.LIVE.value),
        (and_(~Walkthrough.is_published, never_shown), State.DRAFT.value),
        else_=State.HIDDEN.value,
    )


def state_of(row: Walkthrough) -> State:
    """Return the state of a row, as `state_sql` tells it."""
    if row.archived_at is not None:
        return State.ARCHIVED
    if row.is_published:
        return State.LIVE
    return State.DRAFT if row.version == 0 or row.source_id is not None else State.HIDDEN


def state_words(state: State, version: int, *, has_changes: bool = False) -> str:
    """Return the badge: `Draft`, `Live v4`, `Live v4 + changes`, `Hidden` or `Archived`."""
    if state is not State.LIVE:
        return state.value.capitalize()
    return f"Live v{version} + changes" if has_changes else f"Live v{version}"
