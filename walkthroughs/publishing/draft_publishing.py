"""Publish a draft as it was shown, and take a version back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from walkthroughs.content.draft import AGAIN, SAME
from walkthroughs.content.draft_content import content_of, draft_of, is_blocked
from walkthroughs.content.draft_work import deed
from walkthroughs.content.separate import normalized
from walkthroughs.errors import (
    DraftRefused,
    NothingToPublish,
    PublishBlocked,
    PublishPlanChanged,
    VersionUnavailable,
)
from walkthroughs.publishing import offers, writer
from walkthroughs.publishing.draft_rows import DraftRow, lock_draft, read_draft
from walkthroughs.publishing.offers import ServerPlace
from walkthroughs.publishing.origin import Origin, PublishResult
from walkthroughs.publishing.publish_plan import PublishPlan, Shown, make_plan, read_shown
from walkthroughs.publishing.versions import read_version, versions_since

MAX_NOTE = 1000


def publish_plan(session: Session, organization_id: str, walkthrough_id: str) -> PublishPlan:
    """Return what publishing the draft would change. Writes nothing.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        DraftLocked: Git manages it, or it is archived.
    """
    row = read_draft(session, organization_id, walkthrough_id)
    _refuse_locked(row)
    return make_plan(session, row)


def publish(
    session: Session,
    organization_id: str,
    walkthrough_id: str,
    fingerprint: str,
    by: str,
    *,
    levels: Mapping[str, str] | None = None,
    note: str | None = None,
    servers: Sequence[ServerPlace] | None = None,
) -> PublishResult:
    """Make the draft live, visible to learners, as it was shown; then there is no draft.

    Args:
        session: of a transaction, in which all of it happens or nothing.
        organization_id: whose walkthrough it is.
        walkthrough_id: which one.
        fingerprint: of the plan that the member was shown.
        by: the member.
        levels: of changed steps by author id, `SAME` or `AGAIN`; the draft's own for the others.
        note: for the history.
        servers: those that shall offer it; the others do not any more. None: all stays.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        DraftLocked: Git manages it, or it is archived; the draft is kept.
        PublishPlanChanged: it is not what was shown; says what changed.
        PublishBlocked: the draft has mistakes, or is to be rebased first.
        NothingToPublish: all of it is live already.
        DraftRefused: a level or the note cannot be taken.
        NotFound: there is no such server.
    """
    row = lock_draft(session, organization_id, walkthrough_id)
    _refuse_locked(row)
    origin = Origin(author=by, note=_note(note))
    _check_levels(row, levels or {})
    shown = read_shown(session, row)
    _check(session, row, shown, fingerprint)
    content = content_of(row.draft, row.live, levels)
    result = writer.change(
        session, organization_id, walkthrough_id, lambda _: content, origin, is_published=True
    )
    if result.level is None and not shown.is_first and servers is None:
        raise NothingToPublish
    if servers is not None:
        offers.offer(session, organization_id, walkthrough_id, servers)
    if row.stored is not None:
        row.store(session, None, by)
    return result


def undo(
    session: Session,
    organization_id: str,
    walkthrough_id: str,
    version: int,
    by: str,
    *,
    hides: bool = False,
) -> PublishResult:
    """Publish the version before *version*, the live one, as the next version.

    What is taken back becomes the draft, unless there is one.

    Args:
        session: of a transaction.
        organization_id: whose walkthrough it is.
        walkthrough_id: which one.
        version: what the member saw as live.
        by: the member.
        hides: learners shall not see the walkthrough any more, as before its first publication.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        DraftLocked: Git manages it, or it is archived.
        PublishPlanChanged: another version is live.
        VersionUnavailable: there was none before, or its texts are not there.
    """
    row = lock_draft(session, organization_id, walkthrough_id)
    _refuse_locked(row)
    if row.live_version != version:
        raise PublishPlanChanged((*_published_since(session, row, version),))
    if version == 1:
        raise VersionUnavailable("There is no version before the first one.")
    earlier = read_version(session, organization_id, walkthrough_id, version - 1)
    result = writer.change(
        session,
        organization_id,
        walkthrough_id,
        lambda _: earlier,
        Origin(author=by, note=f"Takes version {version} back."),
        is_published=False if hides else None,
    )
    if not row.has_changes:
        after = read_draft(session, organization_id, walkthrough_id)
        taken_back = draft_of(row.live, result.version, row.draft.revision + 1)
        after.store(session, taken_back, by)
    return result


def _refuse_locked(row: DraftRow) -> None:
    if row.publish_lock is not None:
        raise row.publish_lock


def _check(session: Session, row: DraftRow, shown: Shown, fingerprint: str) -> None:
    """Refuse what was not shown, or must not go live."""
    if shown.fingerprint != fingerprint:
        raise PublishPlanChanged((*_changes_since(session, row, fingerprint),))
    if shown.is_stale:
        raise PublishBlocked(
            f"Version {row.live_version} was published since this draft was begun. "
            "Rebase the draft first."
        )
    if is_blocked(shown.problems):
        first = next(problem for problem in shown.problems if is_blocked([problem]))
        raise PublishBlocked(f"The draft has mistakes; the first is: {first.message}.")


def _changes_since(session: Session, row: DraftRow, fingerprint: str) -> Iterator[str]:
    """Yield what is not as it was when the plan with *fingerprint* was shown."""
    numbers = fingerprint.split(".")
    if len(numbers) != 3 or not all(each.isascii() and each.isdigit() for each in numbers[:2]):
        yield "This is no plan of this walkthrough."
        return
    version, revision = (int(each[:9]) for each in numbers[:2])
    told = 0
    if version != row.live_version:
        for told, sentence in enumerate(_published_since(session, row, version), 1):  # noqa: B007
            yield sentence
    if revision != row.draft.revision:
        marks = row.draft.marks.items()
        deeds = [f"{m.by} {deed(row.draft, key)}." for key, m in marks if m.revision > revision]
        yield from deeds[:20] or ["The draft was put aside or replaced."]
    elif not told:
        yield "The servers that offer it changed, or the rules for texts."


def _published_since(session: Session, row: DraftRow, version: int) -> Iterator[str]:
    place = row.walkthrough
    since = versions_since(session, place.organization_id, place.id, version)
    for each in since:
        by = f" by {each.author}" if each.author else ""
        yield f"Version {each.number} was published{by}: {each.summary}"
    if not since:
        yield f"Version {row.live_version} is live."


def _check_levels(row: DraftRow, levels: Mapping[str, str]) -> None:
    for step, level in levels.items():
        if level not in {SAME, AGAIN} or row.draft.step(step) is None:
            raise DraftRefused("A choice of who does a step again is for no step of the draft.")


def _note(note: str | None) -> str | None:
    text = normalized(note or "").strip()
    if len(text) > MAX_NOTE:
        raise DraftRefused(f"The note has {len(text):,} characters; at most {MAX_NOTE:,} fit.")
    return text or None
