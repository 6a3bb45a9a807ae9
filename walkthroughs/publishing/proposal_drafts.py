"""Drafts of walkthroughs that Git owns: written like others, proposed instead of published."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from walkthroughs.content.draft import Draft
from walkthroughs.content.draft_content import draft_of
from walkthroughs.content.draft_json import draft_as_json, draft_from_json
from walkthroughs.enums import ProposalState
from walkthroughs.errors import DraftLocked, DraftRefused, WalkthroughArchived
from walkthroughs.models.proposals import Proposal
from walkthroughs.publishing.draft_rows import DraftRow, lock_draft


@dataclass(frozen=True, slots=True)
class ProposedDraft:
    """What was proposed last.

    Attributes:
        draft: as it was written then.
        revision: of the draft since; a later one was not proposed.
    """

    draft: Draft
    revision: int

    def as_json(self) -> dict[str, Any]:
        """Return it as the column holds it."""
        content, base_version = draft_as_json(self.draft), self.draft.base_version
        return {"draft": content, "base_version": base_version, "revision": self.revision}


def proposed_draft(row: DraftRow) -> ProposedDraft | None:
    """Return what was proposed last of a draft; none if nothing was, or it is live by now."""
    held = row.stored.proposed if row.stored is not None else None
    if held is None:
        return None
    draft = draft_from_json(held["draft"], held["base_version"], held["revision"])
    return ProposedDraft(draft, held["revision"])


def has_unproposed(row: DraftRow) -> bool:
    """Return whether something is written that was not proposed."""
    held = row.stored.proposed if row.stored is not None else None
    if not row.is_proposal or held is None:
        return row.is_proposal and row.has_changes
    return bool(held["revision"] != row.draft.revision)


def begin(session: Session, organization_id: str, walkthrough_id: str, by: str) -> DraftRow:
    """Let the draft of a walkthrough that Git owns be written, as a change to propose.

    A draft from before Git owned it is the beginning of the proposal. Twice is once.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        DraftRefused: no repository owns it: it is changed and published here.
        DraftLocked: it is archived.
    """
    row = lock_draft(session, organization_id, walkthrough_id, even_if_locked=True)
    title = row.walkthrough.title
    if row.walkthrough.source_id is None:
        raise DraftRefused(f'No repository owns "{title}": change it here, and publish it.')
    if row.walkthrough.archived_at is not None:
        raise DraftLocked(WalkthroughArchived(title))
    if row.is_proposal:
        return row
    stored = row.store(session, row.draft, by)
    stored.is_proposal = True
    session.flush()
    return replace(row, stored=stored, locked=None)


def mark_proposed(
    session: Session, organization_id: str, walkthrough_id: str, draft: Draft
) -> None:
    """Note that *draft* was proposed; what others have saved since was not."""
    row = lock_draft(session, organization_id, walkthrough_id, even_if_locked=True)
    if row.is_proposal and row.stored is not None:
        row.stored.proposed = ProposedDraft(draft, draft.revision).as_json()
        session.flush()


def discard(session: Session, organization_id: str, walkthrough_id: str, by: str) -> str | None:
    """Put aside what was not proposed; return the id of its kept copy, none if there is none.

    While a proposal is open, the draft is what was proposed last again: the next one goes on top
    of it. Else the walkthrough is as Git says, and is not written any more.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
    """
    row = lock_draft(session, organization_id, walkthrough_id, even_if_locked=True)
    proposed = proposed_draft(row) if _is_open(session, row) else None
    copy_id = None
    if has_unproposed(row) or (row.has_changes and proposed is None):
        copy_id = row.keep(session, "discarded", by)
    if proposed is None:
        row.store(session, None, by)
    elif proposed.revision != row.draft.revision:
        back = replace(proposed.draft, revision=row.draft.revision + 1)
        row.store(session, back, by).proposed = ProposedDraft(back, back.revision).as_json()
        session.flush()
    return copy_id


def conclude(session: Session, organization_id: str, walkthrough_id: str) -> None:
    """Put the draft aside once what was proposed is live; what was written since stays.

    A draft that is not what is live, since it was changed on its way, is kept as a copy.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
    """
    row = lock_draft(session, organization_id, walkthrough_id, even_if_locked=True)
    if row.stored is None or row.stored.proposed is None:
        return
    by, proposed = row.stored.updated_by, proposed_draft(row)
    if has_unproposed(row) and proposed is not None:
        left = row.draft.without_asked(proposed.draft)  # whoever did them is asked by now
        row.store(session, replace(left, revision=row.draft.revision + 1), by).proposed = None
        session.flush()
        return
    if row.has_changes and not row.draft.without_asked(row.draft).is_written_as(
        draft_of(row.live, 0)
    ):
        row.keep(session, "merged", by)
    row.store(session, None, by)


def _is_open(session: Session, row: DraftRow) -> bool:
    place = row.walkthrough
    is_one = exists().where(
        Proposal.organization_id == place.organization_id,
        Proposal.walkthrough_id == place.id,
        Proposal.source_id == place.source_id,
        Proposal.state == ProposalState.OPEN,
    )
    return bool(session.scalar(select(is_one)))
