"""Walkthroughs as a zip of files, as a repository has them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from admin.pages.walkthroughs.ids import free_id
from sync.format.export import export
from sync.importing.zip_file import pack
from walkthroughs.content.draft_content import content_of as content_of_draft
from walkthroughs.content.draft_json import draft_from_json
from walkthroughs.content.pictures import pictures_named
from walkthroughs.content.values import AuthoredWalkthrough, WalkthroughContent
from walkthroughs.errors import HandrailError
from walkthroughs.models import (
    McpServer,
    McpServerWalkthrough,
    Walkthrough,
    WalkthroughDraft,
    WalkthroughImage,
    WalkthroughStep,
)
from walkthroughs.publishing.read import content_of

#: An answer is sent from memory.
_MAX_PICTURES_BYTES = 64 * 1024 * 1024


class ExportTooLarge(HandrailError):
    """The pictures of what is chosen are more than one file shall hold."""


def write_export(session: Session, organization_id: str, ids: Sequence[str]) -> io.BytesIO | None:
    """Return a zip of those of the ids that are walkthroughs; none if none is.

    It has what is live, and the draft of what never was. Six statements, however many there are.

    Raises:
        ExportTooLarge: their pictures are more than one zip has.
    """
    rows = session.scalars(
        select(Walkthrough)
        .where(Walkthrough.organization_id == organization_id, Walkthrough.id.in_(ids))
        .order_by(func.lower(Walkthrough.title), Walkthrough.id)
    ).all()
    if not rows:
        return None
    contents = _contents(session, organization_id, rows)
    servers = _servers(session, organization_id, list(contents))
    named = {
        (row_id, name) for row_id, content in contents.items() for name in _pictures_of(content)
    }
    _refuse_too_large(session, organization_id, named)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for row in rows:
            authored = AuthoredWalkthrough(
                contents[row.id], row.is_published, tuple(servers.get(row.id, ()))
            )
            pack(export(authored), archive)
        for row_id, name, data in _pictures(session, organization_id, named):
            pack({f"walkthroughs/{contents[row_id].id}/steps/i/{name}": data}, archive)
    out.seek(0)
    return out


def _contents(
    session: Session, organization_id: str, rows: Sequence[Walkthrough]
) -> dict[str, WalkthroughContent]:
    """Return what each walkthrough says, by row id; no two have the same author id."""
    ids = [row.id for row in rows]
    steps: dict[str, list[WalkthroughStep]] = {name: [] for name in ids}
    for step in session.scalars(
        select(WalkthroughStep)
        .where(
            WalkthroughStep.organization_id == organization_id,
            WalkthroughStep.walkthrough_id.in_(ids),
            WalkthroughStep.archived_at.is_(None),
        )
        .order_by(WalkthroughStep.display_order)
    ):
        steps[step.walkthrough_id].append(step)
    drafts = session.scalars(
        select(WalkthroughDraft).where(
            WalkthroughDraft.organization_id == organization_id,
            WalkthroughDraft.walkthrough_id.in_([row.id for row in rows if row.version == 0]),
            WalkthroughDraft.content.is_not(None),
        )
    )
    written = {each.walkthrough_id: draft_from_json(each.content, 0, 0) for each in drafts}
    contents: dict[str, WalkthroughContent] = {}
    taken: set[str] = set()
    for row in rows:
        live = content_of(row, steps[row.id])
        content = content_of_draft(written[row.id], live) if row.id in written else live
        contents[row.id] = replace(content, id=free_id(content.id, taken))
        taken.add(contents[row.id].id)
    return contents


def _pictures_of(content: WalkthroughContent) -> frozenset[str]:
    return pictures_named(
        text
        for step in content.steps
        for text in (step.content, step.agent_instructions, step.verify)
    )


def _servers(session: Session, organization_id: str, ids: list[str]) -> dict[str, list[str]]:
    rows = session.execute(
        select(McpServerWalkthrough.walkthrough_id, McpServer.slug)
        .join(McpServer, McpServer.id == McpServerWalkthrough.mcp_server_id)
        .where(
            McpServerWalkthrough.organization_id == organization_id,
            McpServerWalkthrough.walkthrough_id.in_(ids),
        )
        .order_by(McpServer.slug)
    )
    found: dict[str, list[str]] = {}
    for row_id, slug in rows:
        found.setdefault(row_id, []).append(slug)
    return found


def _refuse_too_large(session: Session, organization_id: str, named: set[tuple[str, str]]) -> None:
    size = named and session.scalar(
        select(func.coalesce(func.sum(func.octet_length(WalkthroughImage.data)), 0)).where(
            WalkthroughImage.organization_id == organization_id, _is_one_of(named)
        )
    )
    if size and size > _MAX_PICTURES_BYTES:
        raise ExportTooLarge(
            f"The pictures have more than {_MAX_PICTURES_BYTES // 1024**2} MiB together. Export "
            "fewer walkthroughs at once, or use `flask walkthroughs export`."
        )


def _pictures(
    session: Session, organization_id: str, named: set[tuple[str, str]]
) -> Iterator[tuple[str, str, bytes]]:
    """Yield walkthrough, name and bytes of each picture, a few in memory at a time."""
    if not named:
        return
    image = WalkthroughImage
    query = (
        select(image.walkthrough_id, image.sha256 + "." + image.extension, image.data)
        .where(image.organization_id == organization_id, _is_one_of(named))
        .order_by(image.walkthrough_id, image.sha256)
    )
    for row_id, name, data in session.execute(query.execution_options(yield_per=4)):
        yield row_id, name, bytes(data)


def _is_one_of(named: set[tuple[str, str]]):  # type: ignore[no-untyped-def]  # noqa: ANN202  SQLAlchemy's condition
    image = WalkthroughImage
    ids = [(row_id, name.partition(".")[0]) for row_id, name in sorted(named)]
    return tuple_(image.walkthrough_id, image.sha256).in_(ids)
