"""`flask walkthroughs`: content out of the database, and who owns it."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sync.format.export import export
from sync.named_sources import find_source
from walkthroughs.command_group import CommandGroup
from walkthroughs.content.pictures import pictures_named
from walkthroughs.content.values import AuthoredWalkthrough
from walkthroughs.identity.organizations import organization_id
from walkthroughs.models import McpServer, McpServerWalkthrough, Walkthrough
from walkthroughs.publishing import read, writer
from walkthroughs.publishing.pictures import read_pictures
from walkthroughs.runtime import runtime

walkthroughs_cli = CommandGroup(
    "walkthroughs", help="Take walkthroughs out as files; change who owns them."
)


@walkthroughs_cli.command("export")
@click.argument("ids", nargs=-1)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--organization", help="Every live walkthrough of the organization with this slug.")
def export_command(ids: tuple[str, ...], folder: Path, organization: str | None) -> None:
    """Write walkthroughs to FOLDER as a content repository. Overwrites nothing."""
    with runtime().database.transaction() as session:
        rows = _wanted(session, ids, organization)
        exported = [export(_authored(session, row)) for row in rows]
    files = {path: data for each in exported for path, data in each.items()}
    there = [path for path in files if (folder / path).exists()]
    if there:
        raise click.ClickException(
            f"{folder / there[0]} exists, and nothing was written. Choose an empty folder."
        )
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    click.echo(f"Wrote {len(files)} files to {folder}")


@walkthroughs_cli.command("adopt")
@click.argument("walkthrough_id", metavar="ID")
@click.argument("source")
def adopt_command(walkthrough_id: str, source: str) -> None:
    """Let SOURCE own a walkthrough of the dashboard; learners keep their place.

    Commit its files first (`walkthroughs export`): what is not in the repository is archived
    by the next sync, after asking.
    """
    database = runtime().database
    row = find_source(database, source)
    with database.transaction() as session:
        try:
            writer.adopt(session, row.organization_id, walkthrough_id, row.id)
            session.flush()
        except IntegrityError as error:
            message = f'"{source}" has a walkthrough with this id already. Change one of the ids.'
            raise click.ClickException(message) from error
    click.echo(f'"{source}" owns it now. See what that changes: flask sync plan {source}')


@walkthroughs_cli.command("detach")
@click.argument("walkthrough_id", metavar="ID")
def detach_command(walkthrough_id: str) -> None:
    """Let the dashboard own a walkthrough of a source; learners keep their place.

    Remove its files from the repository too, or the next sync makes it again.
    """
    with runtime().database.transaction() as session:
        row = session.get(Walkthrough, walkthrough_id)
        if row is None or row.source_id is None:
            raise click.ClickException(f'No source owns a walkthrough "{walkthrough_id}".')
        writer.detach(session, row.organization_id, walkthrough_id, row.source_id)
    click.echo("The dashboard owns it now.")


def _wanted(session: Session, ids: tuple[str, ...], organization: str | None) -> list[Walkthrough]:
    query = select(Walkthrough).where(Walkthrough.archived_at.is_(None)).order_by(Walkthrough.title)
    if organization is not None:
        owner = organization_id(session, organization)
        return list(session.scalars(query.where(Walkthrough.organization_id == owner)))
    rows = list(session.scalars(query.where(Walkthrough.id.in_(ids))))
    missing = sorted(set(ids) - {row.id for row in rows})
    if missing or not ids:
        named = f'There is no live walkthrough "{missing[0]}". ' if missing else ""
        raise click.ClickException(f"{named}Name walkthroughs by id, or give --organization SLUG.")
    return rows


def _authored(session: Session, row: Walkthrough) -> AuthoredWalkthrough:
    owner = row.organization_id
    content = read.read_content(session, owner, row.id)
    names = pictures_named(
        text
        for step in content.steps
        for text in (step.content, step.agent_instructions, step.verify)
    )
    return AuthoredWalkthrough(
        content,
        row.is_published,
        _servers(session, owner, row.id),
        read_pictures(session, owner, row.id, names),
    )


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
