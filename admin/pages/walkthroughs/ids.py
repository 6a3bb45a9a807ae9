"""Author ids of walkthroughs: which are taken, which one is free, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from sync.format.text import slug
from walkthroughs.addresses import SLUG_PATTERN
from walkthroughs.models import Walkthrough

#: Leaves room for a number behind it.
_MAX_STEM = 58
#: For a title without Latin letters.
_STEM = "walkthrough"
#: Numbers that are tried behind a title's own id.
_TRIED = 50


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


def suggested_id(session: Session, organization_id: str, title: str) -> str:
    """Return an id that is made of a title, and free."""
    own = slug(title) or _STEM
    return free_id(own, taken_ids(session, organization_id, (own, *numbered(own, _TRIED))))


def id_fault(own: str, taken: Mapping[str, tuple[str, str]]) -> str:
    """Return what is wrong with an id that was typed, as a sentence; empty if nothing is.

    Args:
        own: the id.
        taken: what `taken_ids` returned for it.
    """
    if not SLUG_PATTERN.fullmatch(own):
        return "Use 2 to 63 small letters, digits and hyphens; begin with a letter or a digit."
    return f"“{taken[own][1]}” has this id. Choose another." if own in taken else ""


def numbered(name: str, most: int) -> list[str]:
    """Return the names that stand in for *name*: with numbers from 2 on."""
    return [f"{name[:_MAX_STEM]}-{number}" for number in range(2, most + 2)]


def free_id(name: str, taken: Collection[str]) -> str:
    """Return *name*, or the name with the first number behind it that is not taken."""
    options = (name, *numbered(name, len(taken)))
    return next(each for each in options if each not in taken)
