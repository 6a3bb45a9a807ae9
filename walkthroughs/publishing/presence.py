"""Who is in the editor of a walkthrough. The rows of windows that say nothing expire."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from walkthroughs.errors import WalkthroughNotFound
from walkthroughs.models import EditorPresence, User, Walkthrough, WalkthroughDraft

#: How long a window is believed after it was heard of: two of its messages may be lost.
EXPIRES_MS = 65_000
#: People that are named at most, and expired rows that one message removes.
_SHOWN, _SWEPT = 20, 100


@dataclass(frozen=True, slots=True)
class Window:
    """A window of a member: `key` tells it from their others."""

    user_id: str
    key: str


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who is in the editor, and the author id of the step that they have open."""

    name: str
    step: str | None

    def as_json(self) -> dict[str, str | None]:
        """Return it for the script of the page."""
        return asdict(self)


def note(
    session: Session,
    organization_id: str,
    walkthrough_id: str,
    window: Window,
    step: str | None,
    now: int,
) -> None:
    """Note that a window has a step open.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
    """
    _check(session, organization_id, walkthrough_id)
    row = {"step": step, "seen_at": now}
    session.execute(
        insert(EditorPresence)
        .values(
            organization_id=organization_id,
            walkthrough_id=walkthrough_id,
            user_id=window.user_id,
            window=window.key,
            **row,
        )
        .on_conflict_do_update(index_elements=["walkthrough_id", "user_id", "window"], set_=row)
    )
    key = (EditorPresence.walkthrough_id, EditorPresence.user_id, EditorPresence.window)
    expired = (
        select(*key)
        .where(
            EditorPresence.organization_id == organization_id,
            EditorPresence.seen_at < now - EXPIRES_MS,
        )
        .limit(_SWEPT)
        .with_for_update(skip_locked=True)  # others may remove them just now
    )
    session.execute(
        delete(EditorPresence)
        .where(EditorPresence.organization_id == organization_id, tuple_(*key).in_(expired))
        .execution_options(synchronize_session=False)
    )


def leave(session: Session, organization_id: str, walkthrough_id: str, window: Window) -> None:
    """Forget a window; nothing happens if it is not known."""
    session.execute(
        delete(EditorPresence).where(
            EditorPresence.organization_id == organization_id,
            EditorPresence.walkthrough_id == walkthrough_id,
            EditorPresence.user_id == window.user_id,
            EditorPresence.window == window.key,
        )
    )


def others(
    session: Session, organization_id: str, walkthrough_id: str, user_id: str, now: int
) -> list[Present]:
    """Return who else is in the editor, by name: each person once, where they were last."""
    there = EditorPresence
    query = (
        select(User.email, there.step)
        .ext(distinct_on(User.email))
        .join(User, User.id == there.user_id)
        .where(
            there.organization_id == organization_id,
            there.walkthrough_id == walkthrough_id,
            there.user_id != user_id,
            there.seen_at >= now - EXPIRES_MS,
        )
        .order_by(User.email, there.seen_at.desc())
        .limit(_SHOWN)
    )
    return [Present(*row) for row in session.execute(query)]


def as_of(session: Session, organization_id: str, walkthrough_id: str) -> str:
    """Return a text that differs once somebody has changed the draft, or what is live.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
    """
    row, draft = Walkthrough, WalkthroughDraft
    query = (
        select(
            row.version,
            func.coalesce(draft.revision, 0),
            func.coalesce(row.source_id, ""),
            func.coalesce(row.archived_at, 0),
            row.is_published,
        )
        .outerjoin(
            draft,
            (draft.walkthrough_id == row.id) & (draft.organization_id == row.organization_id),
        )
        .where(row.organization_id == organization_id, row.id == walkthrough_id)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise WalkthroughNotFound(walkthrough_id)
    return _joined(*found)


def as_of_row(walkthrough: Walkthrough, revision: int) -> str:
    """Return the same of a row that was read, and the revision of its draft."""
    return _joined(
        walkthrough.version,
        revision,
        walkthrough.source_id or "",
        walkthrough.archived_at or 0,
        walkthrough.is_published,
    )


def _joined(*values: object) -> str:
    return "-".join(str(value) for value in values)


def _check(session: Session, organization_id: str, walkthrough_id: str) -> None:
    query = select(Walkthrough.id).where(
        Walkthrough.organization_id == organization_id, Walkthrough.id == walkthrough_id
    )
    if session.scalar(query) is None:
        raise WalkthroughNotFound(walkthrough_id)
