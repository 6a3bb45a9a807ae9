"""Pictures that are put into a draft, and those that it names without having them."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from walkthroughs.content.draft_content import DraftProblem, changed_steps
from walkthroughs.content.pictures import Picture, PictureRefused, pictures_named
from walkthroughs.models import WalkthroughImage
from walkthroughs.publishing.draft_rows import DraftRow, lock_draft
from walkthroughs.publishing.pictures import store_pictures

#: Of all pictures of a walkthrough, those that no text names any more too.
MAX_STORED_BYTES = 64 * 1024 * 1024


def add_picture(
    session: Session, organization_id: str, walkthrough_id: str, picture: Picture
) -> None:
    """Store a picture of the walkthrough, so that its draft can name it; twice is once.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        DraftLocked: Git manages it, or it is archived.
        PictureRefused: its pictures are too large together.
    """
    lock_draft(session, organization_id, walkthrough_id)
    stored = session.scalar(
        select(func.coalesce(func.sum(func.octet_length(WalkthroughImage.data)), 0)).where(
            WalkthroughImage.organization_id == organization_id,
            WalkthroughImage.walkthrough_id == walkthrough_id,
            WalkthroughImage.sha256 != picture.sha256,
        )
    )
    if (stored or 0) + len(picture.data) > MAX_STORED_BYTES:
        raise PictureRefused(
            "the pictures of this walkthrough have more than "
            f"{MAX_STORED_BYTES // 1024**2} MiB together; put the picture into another walkthrough"
        )
    store_pictures(session, organization_id, walkthrough_id, [picture])


def missing_pictures(session: Session, row: DraftRow) -> tuple[DraftProblem, ...]:
    """Return where changed steps name pictures that the walkthrough does not have.

    Learners would see nothing there: such a text was copied from another walkthrough.
    """
    changed = changed_steps(row.draft, row.live)
    named = [
        (step.id, name, pictures_named([getattr(step, name)]))
        for step in row.draft.steps
        if step.id in changed
        for name in ("text", "assistant", "check")
    ]
    wanted = frozenset[str]().union(*(pictures for _, _, pictures in named))
    if not wanted:
        return ()
    image = WalkthroughImage
    query = select(image.sha256 + "." + image.extension).where(
        image.organization_id == row.walkthrough.organization_id,
        image.walkthrough_id == row.walkthrough.id,
        image.sha256.in_([name.partition(".")[0] for name in wanted]),
    )
    missing = wanted - set(session.scalars(query))
    message = "a picture that this walkthrough does not have; add it here again"
    return tuple(
        DraftProblem(step, name, 1, message) for step, name, each in named if each & missing
    )
