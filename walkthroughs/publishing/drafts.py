"""The draft of a walkthrough: read it, save changes of it, put it aside, bring it up to date.

Whoever writes locks the walkthrough's row first, as publishing does: a draft is never begun from
a version that is just being replaced, and two who save take turns.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.content.draft import Draft, put_after
from walkthroughs.content.draft_apply import apply
from walkthroughs.content.draft_changes import Request
from walkthroughs.content.draft_content import DraftProblem, draft_of, problems
from walkthroughs.content.draft_json import draft_from_json
from walkthroughs.content.draft_outcome import Applied
from walkthroughs.content.draft_rebase import Rebased, rebase
from walkthroughs.errors import NotFound, VersionUnavailable
from walkthroughs.models.drafts import WalkthroughDraft
from walkthroughs.publishing import kept_copies
from walkthroughs.publishing.draft_rows import DraftRow, lock_draft, read_draft
from walkthroughs.publishing.versions import read_version, versions_since


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a request to save.

    Attributes:
        applied: the draft after it, and what to tell the writer.
        row: the draft's row after it, beside what is live.
    """

    applied: Applied
    row: DraftRow

    def problems(self) -> tuple[DraftProblem, ...]:
        """Return what is wrong in the steps that the request names.

        It reads their texts: ask after the transaction, so that nobody waits for it.
        """
        return problems(self.applied.draft, self.applied.touched)

    def as_json(self) -> dict[str, Any]:
        """Return what the dashboard's editor is answered; ask after the transaction."""
        row = self.row
        assert row.stored is not None  # noqa: S101  it was just stored
        saved_at = datetime.fromtimestamp(row.stored.updated_at / 1000, UTC)
        return {
            **self.applied.as_json(),
            "saved_at": saved_at.isoformat(timespec="milliseconds"),
            "problems": [problem.as_json() for problem in self.problems()],
            "has_changes": row.has_changes,
            "live_version": row.live_version,
            "is_stale": row.draft.base_version != row.live_version,
        }


def read(session: Session, organization_id: str, walkthrough_id: str) -> DraftRow:
    """Return the draft, or the live content as one in which nothing is changed.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
    """
    return read_draft(session, organization_id, walkthrough_id)


def save(
    session: Session, organization_id: str, walkthrough_id: str, request: Request, by: str
) -> Saved:
    """Apply the changes of a request to the draft, which begins with the first one.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        DraftLocked: Git manages it, or it is archived; the draft stays as it is.
        DraftRefused: a text or the whole is too long; nothing is saved.
    """
    row = lock_draft(session, organization_id, walkthrough_id)
    applied = apply(row.draft, request, by)
    for kept in applied.kept:
        kept_copies.keep(
            session,
            organization_id,
            walkthrough_id,
            {"text": kept.text},
            reason=kept.reason,
            author=kept.by,
            step=kept.step,
            field=kept.field,
        )
    stored = row.store(session, applied.draft, by)
    return Saved(applied, replace(row, draft=applied.draft, stored=stored))


def discard(session: Session, organization_id: str, walkthrough_id: str, by: str) -> str | None:
    """Put the draft aside; return the id of its kept copy, none if there was no draft.

    Also of a walkthrough that Git manages by now, or that is archived.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
    """
    row = lock_draft(session, organization_id, walkthrough_id, even_if_locked=True)
    if not row.has_changes:
        return None
    copy_id = row.keep(session, "discarded", by)
    row.store(session, None, by)
    return copy_id


def restore_copy(
    session: Session, organization_id: str, walkthrough_id: str, copy_id: str, by: str
) -> DraftRow:
    """Make a kept draft the draft again; one that is there is kept in turn.

    It is based on the version that it was written from; `rebase_onto_live` brings it up to date.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        NotFound: there is no such copy, or it is no whole draft.
        DraftLocked: Git manages it, or it is archived.
    """
    row = lock_draft(session, organization_id, walkthrough_id)
    copy = kept_copies.read_copy(session, organization_id, walkthrough_id, copy_id)
    if copy.field is not None:
        raise NotFound("This copy holds one text; open it and put it where you want it.")
    kept = draft_from_json(copy.content["draft"], copy.content["base_version"], 0)
    return _replace(session, row, kept, by)


def restore_version(
    session: Session,
    organization_id: str,
    walkthrough_id: str,
    number: int,
    by: str,
    *,
    only_step: str | None = None,
) -> DraftRow:
    """Put the texts of an earlier version into the draft; what it held is kept as a copy.

    Args:
        session: of a transaction.
        organization_id: whose walkthrough it is.
        walkthrough_id: which one.
        number: the version.
        by: who asks.
        only_step: the author id of the step to take; all of the version without it.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        VersionUnavailable: its texts are not there, or it has no such step.
        DraftLocked: Git manages it, or it is archived.
    """
    row = lock_draft(session, organization_id, walkthrough_id)
    content = read_version(session, organization_id, walkthrough_id, number)
    earlier = draft_of(content, row.draft.base_version)
    return _replace(session, row, _taken(row.draft, earlier, number, only_step), by)


def rebase_onto_live(
    session: Session, organization_id: str, walkthrough_id: str, by: str
) -> Rebased:
    """Merge what was published since the draft was begun; return conflicts and what was merged.

    The draft as it was before is kept as a copy.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        VersionUnavailable: the texts of the version that it was begun from are not there.
        DraftLocked: Git manages it, or it is archived.
    """
    row = lock_draft(session, organization_id, walkthrough_id)
    live = draft_of(row.live, row.live_version)
    if not row.is_stale:
        return Rebased(row.draft, (), ())
    base_version = row.draft.base_version
    base = draft_of(
        read_version(session, organization_id, walkthrough_id, base_version), base_version
    )
    since = versions_since(session, organization_id, walkthrough_id, base_version)
    who = (since[-1].author if since else None) or ""
    rebased = rebase(row.draft, base, live, who)
    row.keep(session, "rebased", by)
    row.store(session, rebased.draft, by)
    return rebased


def begun(
    session: Session, organization_id: str, walkthrough_ids: Collection[str]
) -> dict[str, tuple[str, int]]:
    """Return which of the walkthroughs have a draft with changes: who wrote last, and when."""
    draft = WalkthroughDraft
    query = select(draft.walkthrough_id, draft.updated_by, draft.updated_at).where(
        draft.organization_id == organization_id,
        draft.walkthrough_id.in_(walkthrough_ids),
        draft.content.is_not(None),
    )
    return {name: (by, at) for name, by, at in session.execute(query)}


def _taken(draft: Draft, earlier: Draft, number: int, only_step: str | None) -> Draft:
    """Return *draft* with all that *earlier* holds, or with one step of it."""
    if only_step is None:
        return replace(draft, details=earlier.details, steps=earlier.steps)
    step = earlier.step(only_step)
    if step is None:
        raise VersionUnavailable(f"Version {number} has no such step.")
    if draft.step(only_step) is not None:
        steps = tuple(step if each.id == only_step else each for each in draft.steps)
        return replace(draft, steps=steps)
    ids = [each.id for each in earlier.steps]
    before = [name for name in ids[: ids.index(only_step)] if draft.step(name)]
    return replace(draft, steps=put_after(draft.steps, step, before[-1] if before else None))


def _replace(session: Session, row: DraftRow, draft: Draft, by: str) -> DraftRow:
    """Make *draft* the draft; keep what was written before."""
    if row.has_changes:
        row.keep(session, "replaced", by)
    written = replace(draft, revision=row.draft.revision + 1)
    return replace(row, draft=written, stored=row.store(session, written, by))
