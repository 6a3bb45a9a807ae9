"""The pictures of a walkthrough as its writers see them: list, replace and delete them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from walkthroughs.audit.record import Event, record
from walkthroughs.content.draft import text_hash
from walkthroughs.content.draft_changes import request_from_json
from walkthroughs.content.pictures import Picture, described, with_other_picture
from walkthroughs.errors import NotFound, PictureUsed
from walkthroughs.ids import author_id
from walkthroughs.models import WalkthroughImage
from walkthroughs.publishing import drafts
from walkthroughs.publishing.draft_rows import DraftRow, lock_draft
from walkthroughs.publishing.picture_uses import Use, uses_of_pictures
from walkthroughs.publishing.pictures import read_pictures

#: Uses that a refusal names.
_NAMED = 5
_GONE = "There is no such picture any more."
_TEXTS = ("text", "assistant", "check")


@dataclass(frozen=True, slots=True)
class LibraryPicture:
    """A stored picture: its size, what a text says that it shows, and where it is used."""

    name: str
    bytes: int
    alt: str
    uses: tuple[Use, ...]


def read_library(session: Session, row: DraftRow) -> list[LibraryPicture]:
    """Return the pictures of a walkthrough, newest first, without what they hold."""
    image, place = WalkthroughImage, row.walkthrough
    query = (
        select(image.sha256, image.extension, func.octet_length(image.data))
        .where(image.organization_id == place.organization_id, image.walkthrough_id == place.id)
        .order_by(image.created_at.desc(), image.sha256)
    )
    uses = uses_of_pictures(session, row)
    texts = [getattr(step, name) for step in row.draft.steps for name in _TEXTS]
    words = described([*texts, *(step.content for step in row.live.steps)])
    return [
        LibraryPicture(name, size, words.get(name, ""), uses.get(sha256, ()))
        for sha256, extension, size in session.execute(query)
        for name in (f"{sha256}.{extension}",)
    ]


def replace_picture(
    session: Session,
    organization_id: str,
    walkthrough_id: str,
    name: str,
    picture: Picture,
    by: str,
) -> int:
    """Let all texts of the draft name *picture* where they name *name*; storing it is the caller's.

    Versions keep what they show. Return how many texts have changed.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        NotFound: the walkthrough has no such picture.
        DraftLocked: Git manages it, or it is archived.
        DraftRefused: a text gets too long.
    """
    row = lock_draft(session, organization_id, walkthrough_id)
    if not read_pictures(session, organization_id, walkthrough_id, [name]):
        raise NotFound(_GONE)
    changes = [
        {
            "kind": "set_step",
            "step": step.id,
            "field": field,
            "value": changed,
            "seen": text_hash(text),
        }
        for step in row.draft.steps
        for field in _TEXTS
        for text in (getattr(step, field),)
        if (changed := with_other_picture(text, name, picture.name)) != text
    ]
    if changes:
        asked = {"request_id": author_id(), "base": row.draft.revision, "changes": changes}
        drafts.save(session, organization_id, walkthrough_id, request_from_json(asked), by)
    return len(changes)


def delete_picture(session: Session, organization_id: str, walkthrough_id: str, name: str) -> None:
    """Delete a picture that nothing names.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        NotFound: the walkthrough has no such picture.
        DraftLocked: Git manages it, or it is archived.
        PictureUsed: a text names it; it says which.
    """
    row = lock_draft(session, organization_id, walkthrough_id)
    used = uses_of_pictures(session, row).get(name.partition(".")[0])
    if used:
        raise PictureUsed(_refusal(used))
    image = WalkthroughImage
    gone = session.execute(
        delete(image)
        .where(
            image.organization_id == organization_id,
            image.walkthrough_id == walkthrough_id,
            image.sha256 + "." + image.extension == name,
        )
        .returning(func.octet_length(image.data))
        .execution_options(synchronize_session=False)
    ).scalar()
    if gone is None:
        raise NotFound(_GONE)
    before = {"picture": name, "bytes": gone}
    title = row.walkthrough.title
    record(session, Event(organization_id, "picture.remove", walkthrough_id, title, before))


def _refusal(uses: tuple[Use, ...]) -> str:
    told = [
        f"“{use.title.strip() or 'Untitled'}” ({use.where})" if use.step else use.where
        for use in uses[:_NAMED]
    ]
    more = len(uses) - _NAMED
    if more > 0:
        told.append(f"{more} more")
    return f"The picture is used: {', '.join(told)}. Take it out there before you delete it."
