"""The stored pictures of a walkthrough."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import insert as plain_insert
from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from walkthroughs.content.pictures import Picture
from walkthroughs.ids import now_ms
from walkthroughs.models import WalkthroughImage


def store_pictures(
    session: Session, organization_id: str, walkthrough_id: str, pictures: Collection[Picture]
) -> None:
    """Store those of *pictures* that the walkthrough does not have yet.

    They stay when later versions do not name them: learners may still look at an earlier answer.
    """
    if not pictures:
        return
    there = set(
        session.scalars(
            select(WalkthroughImage.sha256).where(
                WalkthroughImage.organization_id == organization_id,
                WalkthroughImage.walkthrough_id == walkthrough_id,
            )
        )
    )
    for picture in pictures:
        if picture.sha256 in there:
            continue
        # One statement each: together they may be larger than memory should hold twice.
        session.execute(
            insert(WalkthroughImage)
            .values(
                organization_id=organization_id,
                walkthrough_id=walkthrough_id,
                sha256=picture.sha256,
                extension=picture.extension,
                data=picture.data,
                created_at=now_ms(),
            )
            .on_conflict_do_nothing()
        )


def copy_pictures(
    session: Session, organization_id: str, source_id: str, target_id: str, names: Collection[str]
) -> None:
    """Store those pictures of one walkthrough that have one of *names* in another, new one."""
    image = WalkthroughImage
    found = select(
        image.organization_id,
        literal(target_id),
        image.sha256,
        image.extension,
        image.data,
        literal(now_ms()),
    ).where(
        image.organization_id == organization_id,
        image.walkthrough_id == source_id,
        (image.sha256 + "." + image.extension).in_(names),
    )
    columns = ["organization_id", "walkthrough_id", "sha256", "extension", "data", "created_at"]
    session.execute(plain_insert(image).from_select(columns, found))


def read_pictures(
    session: Session, organization_id: str, walkthrough_id: str, names: Collection[str]
) -> tuple[Picture, ...]:
    """Return those of the walkthrough's pictures that have one of *names*, by name."""
    query = (
        select(WalkthroughImage.sha256, WalkthroughImage.extension, WalkthroughImage.data)
        .where(
            WalkthroughImage.organization_id == organization_id,
            WalkthroughImage.walkthrough_id == walkthrough_id,
            WalkthroughImage.sha256.in_([name.partition(".")[0] for name in names]),
        )
        .order_by(WalkthroughImage.sha256)
    )
    found = [Picture(*row) for row in session.execute(query)] if names else []
    return tuple(picture for picture in found if picture.name in names)
