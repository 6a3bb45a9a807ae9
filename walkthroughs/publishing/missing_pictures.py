"""Pictures that a draft names and that its walkthrough does not have."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.content.draft import Draft
from walkthroughs.content.draft_content import DraftProblem
from walkthroughs.content.pictures import pictures_named
from walkthroughs.models.walkthroughs import Walkthrough, WalkthroughImage

_MISSING = "a picture that this walkthrough does not have; add it here again"


def missing_pictures(
    session: Session, walkthrough: Walkthrough, draft: Draft, only: Collection[str | None]
) -> tuple[DraftProblem, ...]:
    """Return where the steps *only* of the draft name pictures that are not there.

    Learners would see nothing there: such a text was copied from another walkthrough.
    """
    named = [
        (step.id, name, pictures_named([getattr(step, name)]))
        for step in draft.steps
        if step.id in only
        for name in ("text", "assistant", "check")
    ]
    wanted = frozenset[str]().union(*(pictures for _, _, pictures in named))
    if not wanted:
        return ()
    image = WalkthroughImage
    query = select(image.sha256 + "." + image.extension).where(
        image.organization_id == walkthrough.organization_id,
        image.walkthrough_id == walkthrough.id,
        image.sha256.in_([name.partition(".")[0] for name in wanted]),
    )
    missing = wanted - set(session.scalars(query))
    return tuple(
        DraftProblem(step, name, 1, _MISSING) for step, name, each in named if each & missing
    )
