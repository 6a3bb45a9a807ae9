"""Carry a plan out, one transaction for each walkthrough."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from sync.parse import MANIFEST
from sync.plan import Archive, Change, Create, Live, Update
from walkthroughs import assignments, publishing
from walkthroughs.content import Authored
from walkthroughs.db import Database
from walkthroughs.errors import Problem
from walkthroughs.models import Walkthrough
from walkthroughs.publishing import Origin


def read_live(session: Session, organization_id: str, source_id: str) -> list[Live]:
    """Return every walkthrough of the source, archived ones too, as the planner wants it."""
    rows = session.scalars(
        select(Walkthrough).where(
            Walkthrough.organization_id == organization_id, Walkthrough.source_id == source_id
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


def apply(
    database: Database, organization_id: str, origin: Origin, changes: Iterable[Change]
) -> list[Problem]:
    """Write *changes*; return what could not be done as the authors asked."""
    problems: list[Problem] = []
    for change in changes:
        with database.transaction() as session:
            match change:
                case Create(authored):
                    made = publishing.create(session, organization_id, authored.content, origin)
                    problems += _settle(
                        session, organization_id, made.walkthrough_id, authored, origin
                    )
                case Update(live, authored):
                    publishing.publish(
                        session, organization_id, live.walkthrough_id, authored.content, origin
                    )
                    problems += _settle(
                        session, organization_id, live.walkthrough_id, authored, origin
                    )
                case Archive(live):
                    publishing.archive(session, organization_id, live.walkthrough_id, origin)
    return problems


def _settle(
    session: Session, organization_id: str, row_id: str, authored: Authored, origin: Origin
) -> list[Problem]:
    """Set visibility, and assign to the servers that the manifest names."""
    publishing.set_published(session, organization_id, row_id, authored.is_published, origin)
    unknown = assignments.ensure(session, organization_id, row_id, authored.servers)
    return [
        Problem(
            f"{authored.content.id}/{MANIFEST}",
            1,
            f'there is no MCP server "{slug}" to assign it to',
        )
        for slug in unknown
    ]
