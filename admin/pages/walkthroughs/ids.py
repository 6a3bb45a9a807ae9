"""Author ids of walkthroughs: which are taken, and which one is free."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.models import Walkthrough

#: Leaves room for a number behind it.
_MAX_STEM = 58


def taken_ids(
    session: Session, organization_id: str, wanted: Collection[str]
) -> dict[str, tuple[str, str]]:
    """Return which of the *wanted* ids walkthroughs have: id -> (row id, title)."""
    rows = session.execute(
        select(Walkthrough.external_id, Walkthrough.id, Walkthrough.title).where(
            Walkthrough.organization_id == organization_id, Walkthrough.external_id.in_(wanted)
        )
    )
    return {row.external_id: (row.id, row.title) for row in rows}


def numbered(name: str, most: int) -> list[str]:
    """Return the names that stand in for *name*: with numbers from 2 on."""
    return [f"{name[:_MAX_STEM]}-{number}" for number in range(2, most + 2)]


def free_id(name: str, taken: Collection[str]) -> str:
    """Return *name*, or the name with the first number behind it that is not taken."""
    options = (name, *numbered(name, len(taken)))
    return next(each for each in options if each not in taken)
