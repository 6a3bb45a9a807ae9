"""What the page of an import shows, and storing what a member has chosen of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from admin.pages.walkthroughs.ids import free_id, id_fault, numbered, taken_ids
from sync.format.text import slug
from sync.importing.draft import ImportedWalkthrough
from sync.importing.read import ImportPlan
from walkthroughs.publishing.begin import begin


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A walkthrough of an import on its page.

    Attributes:
        key: names it in the form.
        title: of the walkthrough.
        id: the author id that it would get.
        taken: row id and title of the walkthrough that has the id of the files.
        fault: what is wrong with the id that was typed.
        is_chosen: whether it is ticked.
    """

    key: str
    found: ImportedWalkthrough
    title: str
    id: str
    taken: tuple[str, str] | None = None
    fault: str = ""
    is_chosen: bool = True


def rows_of(session: Session, organization_id: str, plan: ImportPlan) -> tuple[ImportRow, ...]:
    """Return the rows of a plan, each with an id that is free."""
    wanted = [_wanted_id(found) for found in plan.walkthroughs]
    names = {name for own in wanted for name in (own, *numbered(own, len(wanted)))}
    taken = taken_ids(session, organization_id, names)
    used = set(taken)
    rows = []
    for number, (found, own) in enumerate(zip(plan.walkthroughs, wanted, strict=True)):
        free = free_id(own, used)
        used.add(free)
        title = found.draft.details.title.strip() if found.draft else ""
        row = ImportRow(str(number), found, title or own, free, taken.get(own))
        rows.append(replace(row, is_chosen=found.draft is not None and not found.problems))
    return tuple(rows)


def as_chosen(
    session: Session,
    organization_id: str,
    rows: Sequence[ImportRow],
    chosen: Sequence[str],
    ids: Mapping[str, str],
) -> tuple[ImportRow, ...]:
    """Return the rows as the member has filled them in, with what is wrong in them.

    Args:
        session: of the page.
        organization_id: whose walkthroughs they will be.
        rows: as they were shown.
        chosen: the keys of those that are ticked.
        ids: by key, as they were typed.
    """
    typed = {row.key: ids.get(row.key, row.id).strip() for row in rows}
    picked = [row.key for row in rows if row.key in chosen and row.found.draft is not None]
    taken = taken_ids(session, organization_id, [typed[key] for key in picked])
    counts = [typed[key] for key in picked]
    filled = []
    for row in rows:
        own, is_chosen = typed[row.key], row.key in picked
        fault = _fault(own, taken, counts.count(own) > 1) if is_chosen else ""
        filled.append(replace(row, id=own, is_chosen=is_chosen, fault=fault))
    return tuple(filled)


def store(session: Session, organization_id: str, rows: Sequence[ImportRow], by: str) -> list[str]:
    """Begin a draft of each row that is chosen; return the ids of the walkthroughs.

    Raises:
        DraftRefused: one of them is too long as a whole; nothing is to be kept then.
    """
    return [
        begin(
            session,
            organization_id,
            row.found.draft,
            by,
            verb="import",
            own_id=row.id,
            pictures=row.found.pictures,
        )
        for row in rows
        if row.is_chosen and row.found.draft is not None
    ]


def _wanted_id(found: ImportedWalkthrough) -> str:
    folder = found.folder.rpartition("/")[2]
    return found.id or slug(folder) or "walkthrough"


def _fault(own: str, taken: Mapping[str, tuple[str, str]], is_twice: bool) -> str:
    return id_fault(own, taken) or (
        "Two of these have this id. Choose another." if is_twice else ""
    )
