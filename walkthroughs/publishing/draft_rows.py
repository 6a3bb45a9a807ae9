"""The row of a walkthrough's draft."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.content.draft import Draft, fields_of
from walkthroughs.content.draft_content import draft_of
from walkthroughs.content.draft_json import draft_as_json, draft_from_json
from walkthroughs.content.values import WalkthroughContent
from walkthroughs.errors import (
    DraftLocked,
    DraftRefused,
    HandrailError,
    ManagedByGit,
    WalkthroughArchived,
    WalkthroughNotFound,
)
from walkthroughs.ids import now_ms
from walkthroughs.models.drafts import WalkthroughDraft
from walkthroughs.models.walkthroughs import Walkthrough
from walkthroughs.publishing import kept_copies
from walkthroughs.publishing.read import content_of, steps_of

#: Of a whole draft in UTF-8: each save writes all of it.
MAX_DRAFT_BYTES = 32 * 1024 * 1024
#: That one character may take, twice over: what is beside the texts is less than they are.
_MOST_BYTES = 8


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A walkthrough's draft beside what is live.

    Attributes:
        walkthrough: its row.
        live: what is live.
        stored: the draft's row; none before anything was ever saved.
        draft: what is written; without changes, what is live.
        locked: why it cannot be changed or published here now; none if it can.
    """

    walkthrough: Walkthrough
    live: WalkthroughContent
    stored: WalkthroughDraft | None
    draft: Draft
    locked: HandrailError | None = None

    @property
    def has_changes(self) -> bool:
        """Return whether something is written that is not live."""
        return self.stored is not None and self.stored.content is not None

    @property
    def is_proposal(self) -> bool:
        """Return whether it is a change to propose to the repository that owns the walkthrough."""
        is_one = self.stored is not None and self.stored.is_proposal
        return is_one and self.walkthrough.source_id is not None

    @property
    def publish_lock(self) -> HandrailError | None:
        """Return why it cannot be published here, whoever may write it; none if it can."""
        return _managed(self.walkthrough) if self.is_proposal else self.locked

    @property
    def live_version(self) -> int:
        """Return the number of the live version."""
        return self.walkthrough.version

    @property
    def is_stale(self) -> bool:
        """Return whether another version was published since the draft was begun."""
        return self.has_changes and self.draft.base_version != self.live_version

    def store(self, session: Session, draft: Draft | None, by: str) -> WalkthroughDraft:
        """Write the draft, or that there is none, as the next revision if it differs.

        What is written as the version that it was begun from is no draft. Without one, nothing is
        proposed.

        Raises:
            DraftRefused: it is too long as a whole.
        """
        row = self.stored
        if row is None:
            row = WalkthroughDraft(
                organization_id=self.walkthrough.organization_id,
                walkthrough_id=self.walkthrough.id,
                revision=0,
                is_proposal=False,
            )
            session.add(row)
        if draft is None:
            row.is_proposal, row.proposed = False, None
        is_fresh = draft is not None and draft.is_written_as(draft_of(self.live, 0))
        if draft is None or (is_fresh and draft.base_version == self.live_version):
            row.content, row.base_version = None, self.live_version
            row.revision = draft.revision if draft else self.draft.revision + 1
        else:
            row.content, row.base_version = _as_json(draft), draft.base_version
            row.revision = draft.revision
        row.updated_by, row.updated_at = by, now_ms()
        session.flush()
        return row

    def keep(self, session: Session, reason: str, by: str) -> str:
        """Keep a copy of the whole draft; return its id."""
        content = {"draft": draft_as_json(self.draft), "base_version": self.draft.base_version}
        place = self.walkthrough
        return kept_copies.keep(
            session, place.organization_id, place.id, content, reason=reason, author=by
        )


def read_draft(session: Session, organization_id: str, walkthrough_id: str) -> DraftRow:
    """Return the draft of a walkthrough.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
    """
    return _read(session, organization_id, walkthrough_id, locks=False)


def lock_draft(
    session: Session, organization_id: str, walkthrough_id: str, *, even_if_locked: bool = False
) -> DraftRow:
    """Return the draft with its walkthrough's row, locked until the transaction ends.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        DraftLocked: Git manages it, or it is archived; not with *even_if_locked*.
    """
    found = _read(session, organization_id, walkthrough_id, locks=True)
    if found.locked is not None and not even_if_locked:
        raise found.locked
    return found


def _read(session: Session, organization_id: str, walkthrough_id: str, *, locks: bool) -> DraftRow:
    query = select(Walkthrough).where(
        Walkthrough.organization_id == organization_id, Walkthrough.id == walkthrough_id
    )
    drafts = select(WalkthroughDraft).where(
        WalkthroughDraft.organization_id == organization_id,
        WalkthroughDraft.walkthrough_id == walkthrough_id,
    )
    fresh: dict[str, Any] = {"populate_existing": True} if locks else {}
    if locks:  # as `lock_walkthrough` does, which refuses what Git manages
        query, drafts = query.with_for_update(key_share=True), drafts.with_for_update()
    row = session.scalar(query.execution_options(**fresh))
    if row is None:
        raise WalkthroughNotFound(walkthrough_id)
    stored = session.scalar(drafts.execution_options(**fresh))
    live = content_of(row, steps_of(session, row))
    if stored is not None and stored.content is not None:
        draft = draft_from_json(stored.content, stored.base_version, stored.revision)
    else:
        draft = draft_of(live, row.version, stored.revision if stored else 0)
    return DraftRow(row, live, stored, draft, _lock(row, stored))


def _lock(row: Walkthrough, stored: WalkthroughDraft | None) -> HandrailError | None:
    is_proposal = stored is not None and stored.is_proposal
    if row.source_id is not None and not is_proposal:
        return _managed(row)
    return DraftLocked(WalkthroughArchived(row.title)) if row.archived_at is not None else None


def _managed(row: Walkthrough) -> HandrailError:
    return DraftLocked(ManagedByGit(row.title, row.id))


def _as_json(draft: Draft) -> dict[str, Any]:
    content = draft_as_json(draft)
    if sum(len(text) for _, _, text in fields_of(draft)) * _MOST_BYTES < MAX_DRAFT_BYTES:
        return content
    size = len(json.dumps(content, ensure_ascii=False).encode())
    if size > MAX_DRAFT_BYTES:
        raise DraftRefused(
            f"The walkthrough has {size:,} bytes; at most {MAX_DRAFT_BYTES:,} can be written here. "
            "Nothing of this change was saved."
        )
    return content
