"""Pictures that are put into a draft."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from walkthroughs.content.pictures import Picture, PictureRefused
from walkthroughs.ids import now_ms
from walkthroughs.models import WalkthroughImage
from walkthroughs.publishing.draft_rows import lock_draft
from walkthroughs.publishing.pictures import store_pictures

#: Of all pictures of a walkthrough, those that no text names any more too.
MAX_STORED_BYTES = 64 * 1024 * 1024


def add_picture(
    session: Session, organization_id: str, walkthrough_id: str, picture: Picture
) -> None:
    """Store a picture of the walkthrough, so that its draft can name it; twice is once.

    One that is there already counts as new: its writer will name it soon.

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
    session.execute(
        update(WalkthroughImage)
        .where(
            WalkthroughImage.organization_id == organization_id,
            WalkthroughImage.walkthrough_id == walkthrough_id,
            WalkthroughImage.sha256 == picture.sha256,
        )
        .values(created_at=now_ms())
        .execution_options(synchronize_session=False)
    )
