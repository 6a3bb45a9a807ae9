"""`flask sync`: what operators do with content sources."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy import select

from sync.plan import describe
from sync.repository import RepositoryUnavailable
from sync.runner import Run, sync_source
from walkthroughs.models import ContentSource, Organization
from walkthroughs.runtime import runtime

sync_cli = AppGroup("sync", help="Content sources: Git repositories of walkthroughs.")
source_cli = AppGroup("source", help="Add and list content sources.")
sync_cli.add_command(source_cli)


@sync_cli.command("plan")
@click.argument("source", required=False)
def plan_command(source: str | None) -> None:
    """Say what the newest commit would change. Exit: 0 nothing, 2 changes, 1 error."""
    runs = _run_all(source, only_plan=True)
    raise SystemExit(2 if any(run.changes for run in runs) else 0)


@sync_cli.command("apply")
@click.argument("source", required=False)
def apply_command(source: str | None) -> None:
    """Carry out the newest commit. Exit: 0 done, 1 a problem in the content or an error."""
    runs = _run_all(source, only_plan=False)
    raise SystemExit(1 if any(run.problems for run in runs) else 0)


@sync_cli.command("status")
@click.argument("source", required=False)
def status_command(source: str | None) -> None:
    """Print each source's commit and the problems of it."""
    for row in _sources(source):
        commit = row.synced_commit[:10] if row.synced_commit else "never synced"
        click.echo(f"{row.name}  {commit}  {len(row.problems)} problem(s)  {row.url}")
        for problem in row.problems:
            click.echo(f"  {problem['path']}:{problem['line']}: {problem['message']}")


@source_cli.command("add")
@click.option("--organization", required=True, help="The organization's slug.")
@click.option("--url", required=True, help="https:// or ssh:// address.")
@click.option("--branch", default="main", show_default=True)
@click.option("--path", default="", help="A folder in the repository.")
@click.option("--name", help="What to call it; the default is the end of the address.")
def add_command(organization: str, url: str, branch: str, path: str, name: str | None) -> None:
    """Add a content source. It is read at the next look, or by `sync apply`."""
    with runtime().database.transaction() as session:
        owner = session.scalar(select(Organization.id).where(Organization.slug == organization))
        if owner is None:
            raise click.ClickException(f'There is no organization "{organization}".')
        called = name or url.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")
        taken = select(ContentSource.id).where(
            ContentSource.organization_id == owner, ContentSource.name == called
        )
        if session.scalar(taken):
            raise click.ClickException(f'A source "{called}" exists; give another --name.')
        session.add(
            ContentSource(organization_id=owner, name=called, url=url, branch=branch, path=path)
        )
    click.echo(f'Added "{called}". Read it now with: flask sync apply {called}')


@source_cli.command("list")
def list_command() -> None:
    """List the content sources."""
    for row in _sources(None):
        click.echo(f"{row.id}  {row.name}  {row.url}  {row.branch}  {row.path or '/'}")


def _run_all(name: str | None, *, only_plan: bool) -> list[Run]:
    parts = runtime()
    runs = []
    for row in _sources(name):
        try:
            run = sync_source(parts.database, parts.settings, row.id, only_plan=only_plan)
        except RepositoryUnavailable as error:
            raise click.ClickException(str(error)) from error
        runs.append(run)
        click.echo(f"{row.name} at {run.commit[:10]}: {len(run.changes)} change(s)")
        for change in run.changes:
            click.echo(f"  {describe(change)}")
        for problem in run.problems:
            click.echo(f"  problem: {problem}")
    return runs


def _sources(name: str | None) -> list[ContentSource]:
    with runtime().database.transaction() as session:
        query = select(ContentSource).order_by(ContentSource.name)
        rows = list(session.scalars(query.where(ContentSource.name == name) if name else query))
    if name and not rows:
        raise click.ClickException(f'There is no content source "{name}". See: sync source list')
    return rows
