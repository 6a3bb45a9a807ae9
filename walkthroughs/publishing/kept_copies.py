"""Texts that were put aside while a draft was written: the newest ones of each walkthrough."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, undefer

from walkthroughs.errors import NotFound
from walkthroughs.models.drafts import KeptCopy

#: Of one walkthrough, of each kind: single texts, and whole drafts.
MAX_COPIES = 50


def keep(
    session: Session,
    organization_id: str,
    walkthrough_id: str,
    content: dict[str, Any],
    *,
    reason: str,
    author: str,
    step: str | None = None,
    field: str | None = None,
) -> str:
    """Keep a copy, once, and delete the oldest ones beyond the limit; return its id.

    Args:
        session: of a transaction.
        organization_id: whose walkthrough it is.
        walkthrough_id: what it is a copy of.
        content: `{"text": ...}` of a field, or a whole draft.
        reason: as the column holds it.
        author: who wrote it, or who discarded the draft.
        step: the author id of the step; none for the details and for a whole draft.
        field: of the step or the details; none for a whole draft.
    """
    same = session.scalar(
        select(KeptCopy.id).where(
            KeptCopy.organization_id == organization_id,
            KeptCopy.walkthrough_id == walkthrough_id,
            KeptCopy.reason == reason,
            KeptCopy.author == author,
            KeptCopy.step.is_not_distinct_from(step),
            KeptCopy.field.is_not_distinct_from(field),
            KeptCopy.content == content,
        )
    )
    if same is not None:
        return same
    copy = KeptCopy(
        organization_id=organization_id,
        walkthrough_id=walkthrough_id,
        content=content,
        reason=reason,
        author=author,
        step=step,
        field=field,
    )
    session.add(copy)
    session.flush()
    is_whole = KeptCopy.field.is_(None)
    of_kind = is_whole if field is None else ~is_whole
    own = (
        KeptCopy.organization_id == organization_id,
        KeptCopy.walkthrough_id == walkthrough_id,
        of_kind,
    )
    newest = (
        select(KeptCopy.id)
        .where(*own)
        .order_by((KeptCopy.id == copy.id).desc(), KeptCopy.created_at.desc(), KeptCopy.id.desc())
        .limit(MAX_COPIES)
    )
    session.execute(
        delete(KeptCopy)
        .where(*own, KeptCopy.id.not_in(newest))
        .execution_options(synchronize_session=False)
    )
    return copy.id


def list_copies(session: Session, organization_id: str, walkthrough_id: str) -> list[KeptCopy]:
    """Return the copies of a walkthrough, newest first, without what they hold."""
    query = select(KeptCopy).where(
        KeptCopy.organization_id == organization_id, KeptCopy.walkthrough_id == walkthrough_id
    )
    return list(session.scalars(query.order_by(KeptCopy.created_at.desc(), KeptCopy.id)))


def read_copy(
    session: Session, organization_id: str, walkthrough_id: str, copy_id: str
) -> KeptCopy:
    """Return a copy with what it holds.

    Raises:
        NotFound: the walkthrough has no such copy, or no more.
    """
    query = select(KeptCopy).where(
        KeptCopy.organization_id == organization_id,
        KeptCopy.walkthrough_id == walkthrough_id,
        KeptCopy.id == copy_id,
    )
    copy: KeptCopy | None = session.scalar(query.options(undefer(KeptCopy.content)))
    if copy is None:
        raise NotFound("There is no such copy any more; the oldest ones are deleted.")
    return copy
