"""Begin a walkthrough with a draft: from a template, from files, or as a copy of another one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy.orm import Session

from walkthroughs.audit.record import Event, record
from walkthroughs.content.draft import Draft, fields_of
from walkthroughs.content.limits import MAX_TITLE
from walkthroughs.content.pictures import Picture, pictures_named
from walkthroughs.publishing.create import create_unwritten
from walkthroughs.publishing.draft_rows import lock_draft, read_draft
from walkthroughs.publishing.pictures import copy_pictures, store_pictures

_UNTITLED = "Untitled"


def begin(
    session: Session,
    organization_id: str,
    draft: Draft,
    by: str,
    *,
    verb: str = "begin",
    own_id: str | None = None,
    pictures: Collection[Picture] = (),
) -> str:
    """Store a walkthrough that has no version yet, and its draft; return its id.

    Args:
        session: of a transaction.
        organization_id: whose walkthrough it is.
        draft: what is written; it may have mistakes.
        by: the member.
        verb: what the audit calls it.
        own_id: the author's id; a new one is made without it.
        pictures: what the draft's texts name.

    Raises:
        DraftRefused: the draft is too long as a whole.
    """
    title = draft.details.title.strip()[:MAX_TITLE] or _UNTITLED
    row_id = create_unwritten(session, organization_id, title, own_id)
    store_pictures(session, organization_id, row_id, pictures)
    row = lock_draft(session, organization_id, row_id)
    row.store(session, replace(row.draft, details=draft.details, steps=draft.steps, revision=1), by)
    after = {"steps": len(draft.steps)}
    record(session, Event(organization_id, f"walkthrough.{verb}", row_id, title, None, after))
    return row_id


def duplicate(
    session: Session,
    organization_id: str,
    walkthrough_id: str,
    by: str,
    *,
    title: str = "",
    description: str = "",
    own_id: str | None = None,
) -> str:
    """Begin a walkthrough with what is written of another one, and its pictures; return its id.

    It is the dashboard's, also if Git manages the other one. *title* and *description* stand in
    place of what the other one has; *own_id* is the author's, and a new one is made without it.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        DraftRefused: the draft is too long as a whole.
    """
    draft = read_draft(session, organization_id, walkthrough_id).draft
    details = replace(
        draft.details,
        title=title or f"Copy of {draft.details.title.strip()}"[:MAX_TITLE],
        description=description or draft.details.description,
    )
    copy = replace(draft, details=details)
    row_id = begin(session, organization_id, copy, by, verb="copy", own_id=own_id)
    names = pictures_named(text for _, _, text in fields_of(copy))
    copy_pictures(session, organization_id, walkthrough_id, row_id, names)
    return row_id
