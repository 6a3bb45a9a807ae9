"""Carry a plan out, one transaction for each walkthrough."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from sync.parse import MANIFEST
from sync.plan import Archive, Change, Create, Live, Update
from walkthroughs import assignments, creating, publishing
from walkthroughs.columns import Origin
from walkthroughs.content import Authored
from walkthroughs.db import Database
from walkthroughs.errors import Problem
from walkthroughs.models import ContentSource, Walkthrough


@dataclass(frozen=True, slots=True)
class Known:
    """A walkthrough as it was last read: the author's id, and the Git tree of its folder."""

    author_id: str
    tree: str


def read_known(session: Session, organization_id: str, source_id: str) -> dict[str, Known]:
    """Return the live walkthroughs whose folder was read before, by folder."""
    rows = session.execute(
        select(Walkthrough.folder, Walkthrough.external_id, Walkthrough.tree).where(
            Walkthrough.organization_id == organization_id,
            Walkthrough.source_id == source_id,
            Walkthrough.archived_at.is_(None),
            Walkthrough.tree.is_not(None),
        )
    )
    return {folder: Known(name, tree) for folder, name, tree in rows if folder and tree}


def read_live(
    session: Session, organization_id: str, source_id: str, but: Iterable[str] = ()
) -> list[Live]:
    """Return the source's walkthroughs, archived ones too, as the planner wants them.

    Those whose author's id is in *but* are left out, and not read.
    """
    rows = session.scalars(
        select(Walkthrough).where(
            Walkthrough.organization_id == organization_id,
            Walkthrough.source_id == source_id,
            Walkthrough.external_id.not_in(list(but)),
        )
    ).all()
    return [
        Live(
            walkthrough_id=row.id,
            content=publishing.read_content(session, organization_id, row.id),
            version=row.version,
            is_published=row.is_published,
            is_archived=row.archived_at is not None,
        )
        for row in rows
    ]


def read_taken(
    session: Session, organization_id: str, source_id: str, author_ids: Iterable[str]
) -> dict[str, str]:
    """Return which of the ids other sources of the organization own, and the sources' names."""
    rows = session.execute(
        select(Walkthrough.external_id, ContentSource.name)
        .join(ContentSource, ContentSource.id == Walkthrough.source_id)
        .where(
            Walkthrough.organization_id == organization_id,
            Walkthrough.source_id != source_id,
            Walkthrough.external_id.in_(list(author_ids)),
        )
    )
    return {author_id: name for author_id, name in rows}  # noqa: C416  rows, not pairs


def count_live(session: Session, organization_id: str, source_id: str) -> int:
    """Return how many walkthroughs of the source are not archived."""
    query = select(func.count()).where(
        Walkthrough.organization_id == organization_id,
        Walkthrough.source_id == source_id,
        Walkthrough.archived_at.is_(None),
    )
    return session.scalar(query) or 0


def remember(
    database: Database,
    organization_id: str,
    source_id: str,
    folders: Mapping[str, str],
    trees: Mapping[str, str],
) -> None:
    """Note which Git tree each walkthrough came from, so that the next run need not read it."""
    row = Walkthrough.__table__.c
    statement = (
        update(Walkthrough.__table__)
        .where(
            row.organization_id == organization_id,
            row.source_id == source_id,
            row.external_id == bindparam("author_id"),
        )
        # Nothing that anybody reads has changed, so the time of the last change stays.
        .values(folder=bindparam("at"), tree=bindparam("oid"), updated_at=row.updated_at)
    )
    noted = [
        {"author_id": name, "at": folder, "oid": trees[folder]} for name, folder in folders.items()
    ]
    if noted:
        with database.transaction() as session:
            session.execute(statement, noted)


#: Serialization failure, deadlock: PostgreSQL asks to try again.
_IN_THE_WAY = ("40001", "40P01")
_PAUSES = (0.05, 0.2)
#: New walkthroughs go in so many to a transaction: nobody stands on them, and it costs a tenth.
_NEW_TOGETHER = 50


def apply(
    database: Database, organization_id: str, origin: Origin, changes: Iterable[Change]
) -> list[Problem]:
    """Write *changes*; return what could not be done as the authors asked."""
    problems: list[Problem] = []
    for batch in _batches(changes):
        try:
            problems += _retried(partial(_apply_together, database, organization_id, origin, batch))
        except IntegrityError:
            if len(batch) == 1:
                raise
            for change in batch:  # one of them cannot be stored: the others can
                alone = partial(_apply_together, database, organization_id, origin, [change])
                problems += _retried(alone)
    return problems


def _batches(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Yield what goes into one transaction: one walkthrough, or some new ones that nobody knows."""
    new: list[Change] = []
    for change in changes:
        if not isinstance(change, Create):
            yield [change]
            continue
        new.append(change)
        if len(new) == _NEW_TOGETHER:
            yield new
            new = []
    if new:
        yield new


def _apply_together(
    database: Database, organization_id: str, origin: Origin, changes: list[Change]
) -> list[Problem]:
    new = [change.authored for change in changes if isinstance(change, Create)]
    problems: list[Problem] = []
    with database.transaction() as session:
        made = creating.create_all(session, organization_id, new, origin)
        for outcome, authored in zip(made, new, strict=True):
            problems += _assign(session, organization_id, outcome.walkthrough_id, authored)
        for change in changes:
            if isinstance(change, Update):
                row_id, authored = change.live.walkthrough_id, change.authored
                publishing.publish(session, organization_id, row_id, authored.content, origin)
                published = authored.is_published
                publishing.set_published(session, organization_id, row_id, published, origin)
                problems += _assign(session, organization_id, row_id, authored)
            elif isinstance(change, Archive):
                publishing.archive(session, organization_id, change.live.walkthrough_id, origin)
    return problems


def _retried(work: Callable[[], list[Problem]]) -> list[Problem]:
    """Run a transaction; once more, twice at most, when others were in its way."""
    for pause in _PAUSES:
        try:
            return work()
        except OperationalError as error:
            if getattr(error.orig, "pgcode", None) not in _IN_THE_WAY:
                raise
            time.sleep(pause)
    return work()


def _assign(
    session: Session, organization_id: str, row_id: str, authored: Authored
) -> list[Problem]:
    """Assign the walkthrough to the servers that its manifest names."""
    path = f"{authored.content.id}/{MANIFEST}"
    return [
        Problem(path, 1, f'there is no MCP server "{slug}" to assign it to')
        for slug in assignments.ensure(session, organization_id, row_id, authored.servers)
    ]
