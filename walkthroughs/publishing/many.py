"""Hide, show, archive or bring back several walkthroughs at once; no text of them changes.

However many there are, it is one statement that locks them, one for each kind of change, and one
for the audit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from walkthroughs.audit.record import Event, record
from walkthroughs.ids import now_ms
from walkthroughs.models.walkthroughs import Walkthrough


class Deed(StrEnum):
    """What is done to each of them; the values are the verbs of the audit."""

    HIDE = "hide"
    SHOW = "show"
    ARCHIVE = "archive"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Done:
    """What became of several walkthroughs.

    Attributes:
        ids: those that were changed.
        refused: title of each other one, and why.
    """

    ids: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()


def do_to_all(
    session: Session, organization_id: str, walkthrough_ids: Sequence[str], deed: Deed
) -> Done:
    """Do *deed* to those of the walkthroughs that it can be done to.

    Names that are no walkthroughs of the organization are passed over.
    """
    rows = session.scalars(
        select(Walkthrough)
        .where(Walkthrough.organization_id == organization_id, Walkthrough.id.in_(walkthrough_ids))
        .order_by(Walkthrough.id)  # two who change the same ones do not wait in a circle
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    found = {row.id: row for row in rows}
    reasons = {row.id: _reason_against(row, deed) for row in rows}
    ids = [name for name in dict.fromkeys(walkthrough_ids) if name in found]
    done = [name for name in ids if reasons[name] is None]
    if done:
        _write(session, organization_id, [found[name] for name in done], deed)
    refused = tuple((found[name].title, why) for name in ids if (why := reasons[name]) is not None)
    return Done(tuple(done), refused)


def _write(session: Session, organization_id: str, rows: list[Walkthrough], deed: Deed) -> None:
    values: dict[Deed, dict[str, object]] = {
        Deed.HIDE: {"is_published": False},
        Deed.SHOW: {"is_published": True},
        Deed.ARCHIVE: {"archived_at": now_ms()},
        Deed.RESTORE: {"archived_at": None},
    }
    session.execute(
        update(Walkthrough)
        .where(
            Walkthrough.organization_id == organization_id,
            Walkthrough.id.in_([row.id for row in rows]),
        )
        .values(**values[deed])
        .execution_options(synchronize_session=False)
    )
    events = [Event(organization_id, f"walkthrough.{deed}", row.id, row.title) for row in rows]
    record(session, *events)


def _reason_against(row: Walkthrough, deed: Deed) -> str | None:
    if row.source_id is not None:
        return "managed by Git: change its files"
    if deed is Deed.ARCHIVE:
        return "archived already" if row.archived_at is not None else None
    if deed is Deed.RESTORE:
        return None if row.archived_at is not None else "not archived"
    if row.archived_at is not None:
        return "archived: restore it first"
    if row.version == 0:
        return "never published: learners do not see it"
    if row.is_published is (deed is Deed.SHOW):
        return "shown already" if row.is_published else "hidden already"
    return None
