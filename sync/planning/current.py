"""Read what the database holds of a source, without texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import ARRAY, Text, bindparam, func, select
from sqlalchemy.orm import Session

from sync.planning.plan import Live
from walkthroughs.content.values import Outline, StepOutline
from walkthroughs.models import (
    ContentSource,
    McpServer,
    McpServerWalkthrough,
    Walkthrough,
    WalkthroughStep,
)
from walkthroughs.publishing import read


class ReadFolder(NamedTuple):
    """A walkthrough as it was last read: the author's id, the Git tree of its folder, its steps."""

    author_id: str
    tree: str
    steps: int


def read_folders(session: Session, organization_id: str, source_id: str) -> dict[str, ReadFolder]:
    """Return the live walkthroughs by folder. An empty tree: it must be read again."""
    rows = session.execute(
        select(
            Walkthrough.folder,
            Walkthrough.external_id,
            Walkthrough.git_tree,
            Walkthrough.step_count,
        ).where(
            Walkthrough.organization_id == organization_id,
            Walkthrough.source_id == source_id,
            Walkthrough.archived_at.is_(None),
        )
    )
    return {folder: ReadFolder(name, tree or "", n) for folder, name, tree, n in rows if folder}


def read_live(
    session: Session,
    organization_id: str,
    source_id: str,
    except_ids: Iterable[str] = (),
    *,
    recompute_digests: bool = False,
) -> list[Live]:
    """Return the source's walkthroughs, archived ones too.

    Args:
        session: of a transaction.
        organization_id: whose.
        source_id: which source's.
        except_ids: author's ids of those that are left out, and not read.
        recompute_digests: read the texts as well, to find changes made by hand in the database.
    """
    rows = session.execute(
        select(
            Walkthrough.id,
            Walkthrough.external_id,
            Walkthrough.title,
            Walkthrough.digest,
            Walkthrough.version,
            Walkthrough.is_published,
            Walkthrough.archived_at,
        ).where(
            Walkthrough.organization_id == organization_id,
            Walkthrough.source_id == source_id,
            # One array, not a parameter each: there may be thousands.
            Walkthrough.external_id != func.all(bindparam("but", list(except_ids), ARRAY(Text))),
        )
    ).all()
    ids = [row.id for row in rows]
    steps, servers = _steps(session, organization_id, ids), _servers(session, organization_id, ids)
    return [
        Live(
            walkthrough_id=row.id,
            outline=read.read_content(session, organization_id, row.id).outline()
            if recompute_digests
            else Outline(row.external_id, row.title, row.digest, tuple(steps[row.id])),
            version=row.version,
            is_published=row.is_published,
            is_archived=row.archived_at is not None,
            servers=frozenset(servers[row.id]),
        )
        for row in rows
    ]


def read_ids_of_other_sources(
    session: Session, organization_id: str, source_id: str, author_ids: Iterable[str]
) -> dict[str, str]:
    """Return which of the ids other sources of the organization own, and the sources' names."""
    rows = session.execute(
        select(Walkthrough.external_id, ContentSource.name)
        .join(ContentSource, ContentSource.id == Walkthrough.source_id)
        .where(
            Walkthrough.organization_id == organization_id,
            Walkthrough.source_id != source_id,
            Walkthrough.external_id == _any(author_ids),
        )
    )
    return {author_id: name for author_id, name in rows}  # noqa: C416  rows, not pairs


def read_servers(session: Session, organization_id: str, slugs: Iterable[str]) -> dict[str, str]:
    """Return the ids of those MCP servers of the organization, by slug."""
    rows = session.execute(
        select(McpServer.slug, McpServer.id).where(
            McpServer.organization_id == organization_id, McpServer.slug == _any(slugs)
        )
    )
    return {row.slug: row.id for row in rows}


def count_live(session: Session, organization_id: str, source_id: str) -> int:
    """Return how many walkthroughs of the source are not archived."""
    query = select(func.count()).where(
        Walkthrough.organization_id == organization_id,
        Walkthrough.source_id == source_id,
        Walkthrough.archived_at.is_(None),
    )
    return session.scalar(query) or 0


def _steps(
    session: Session, organization_id: str, ids: list[str]
) -> defaultdict[str, list[StepOutline]]:
    step = WalkthroughStep
    rows = session.execute(
        select(step.walkthrough_id, step.external_id, step.title, step.section_title, step.revision)
        .where(
            step.organization_id == organization_id,
            step.walkthrough_id == _any(ids),
            step.archived_at.is_(None),
        )
        .order_by(step.walkthrough_id, step.display_order)
    )
    found: defaultdict[str, list[StepOutline]] = defaultdict(list)
    for walkthrough_id, name, title, section, revision in rows:
        found[walkthrough_id].append(StepOutline(name, title, section, revision))
    return found


def _servers(session: Session, organization_id: str, ids: list[str]) -> defaultdict[str, list[str]]:
    link = McpServerWalkthrough
    rows = session.execute(
        select(link.walkthrough_id, McpServer.slug)
        .join(McpServer, McpServer.id == link.mcp_server_id)
        .where(link.organization_id == organization_id, link.walkthrough_id == _any(ids))
    )
    found: defaultdict[str, list[str]] = defaultdict(list)
    for walkthrough_id, slug in rows:
        found[walkthrough_id].append(slug)
    return found


def _any(values: Iterable[str]):  # type: ignore[no-untyped-def]  # noqa: ANN202  SQLAlchemy's Function
    """Return one array that is sought in, not a parameter each: there may be thousands."""
    return func.any(bindparam(None, list(values), ARRAY(Text)))
