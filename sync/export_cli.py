"""`flask walkthroughs`: content out of the database."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from sync.export import export
from walkthroughs import publishing
from walkthroughs.content import Authored
from walkthroughs.models import McpServer, McpServerWalkthrough, Organization, Walkthrough
from walkthroughs.runtime import runtime

walkthroughs_cli = AppGroup("walkthroughs", help="Take walkthroughs out, as files.")


@walkthroughs_cli.command("export")
@click.option("--organization", required=True, help="The organization's slug.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export_command(organization: str, folder: Path) -> None:
    """Write every live walkthrough to FOLDER, as a content repository. Overwrites nothing."""
    with runtime().database.transaction() as session:
        owner = session.scalar(select(Organization.id).where(Organization.slug == organization))
        if owner is None:
            raise click.ClickException(f'There is no organization "{organization}".')
        files = {
            path: text for each in _read(session, owner) for path, text in export(each).items()
        }
    there = [path for path in files if (folder / path).exists()]
    if there:
        raise click.ClickException(
            f"{folder / there[0]} exists, and nothing was written. Choose an empty folder."
        )
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    click.echo(f"Wrote {len(files)} files to {folder}")


def _read(session: Session, organization_id: str) -> list[Authored]:
    rows = session.scalars(
        select(Walkthrough)
        .where(Walkthrough.organization_id == organization_id, Walkthrough.archived_at.is_(None))
        .order_by(Walkthrough.title)
    ).all()
    return [
        Authored(
            publishing.read_content(session, organization_id, row.id),
            row.is_published,
            _servers(session, organization_id, row.id),
        )
        for row in rows
    ]


def _servers(session: Session, organization_id: str, walkthrough_id: str) -> tuple[str, ...]:
    query = (
        select(McpServer.slug)
        .join(McpServerWalkthrough, McpServerWalkthrough.mcp_server_id == McpServer.id)
        .where(
            McpServerWalkthrough.organization_id == organization_id,
            McpServerWalkthrough.walkthrough_id == walkthrough_id,
        )
    )
    return tuple(session.scalars(query.order_by(McpServer.slug)))
