"""`flask sync source`: add, list and remove content sources."""

from __future__ import annotations

import secrets
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from sync import credentials
from sync.credentials import Credential, DeployKey, Token
from walkthroughs import publishing
from walkthroughs.errors import HandrailError
from walkthroughs.identity.links import hash_token
from walkthroughs.models import ContentSource, OnRewrite, Organization, Reports, Walkthrough
from walkthroughs.runtime import runtime
from walkthroughs.sealing import seal

source_cli = AppGroup("source", help="Add, list and remove content sources.")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True)


@source_cli.command("add")
@click.option("--organization", required=True, help="The organization's slug.")
@click.option("--url", required=True, help="https:// or ssh:// address.")
@click.option("--branch", default="main", show_default=True)
@click.option("--path", default="", help="A folder in the repository.")
@click.option("--name", help="What to call it; the default is the end of the address.")
@click.option("--interval", type=click.IntRange(10, 86_400), help="Seconds between two looks.")
@click.option(
    "--on-rewrite",
    type=click.Choice([each.value for each in OnRewrite]),
    default=OnRewrite.WARN.value,
    show_default=True,
    help="What to do when the branch loses the live commit.",
)
@click.option(
    "--reports",
    type=click.Choice([each.value for each in Reports]),
    help="Tell the host how each commit fared; the token must be allowed to.",
)
@click.option("--token-file", type=_FILE, help="A file with an access token; - reads it here.")
@click.option("--key-file", type=_FILE, help="A file with a deploy key, for ssh://.")
@click.option("--known-hosts-file", type=_FILE, help="The host's keys, as ssh-keyscan prints them.")
def add_command(
    organization: str,
    url: str,
    branch: str,
    path: str,
    name: str | None,
    interval: int | None,
    on_rewrite: str,
    reports: str | None,
    token_file: Path | None,
    key_file: Path | None,
    known_hosts_file: Path | None,
) -> None:
    """Add a content source. It is read at the next look, or by `sync apply`."""
    credential = _credential(token_file, key_file, known_hosts_file)
    try:
        credentials.check(url, credential)
    except HandrailError as error:
        raise click.ClickException(str(error)) from error
    called = name or url.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")
    parts = runtime()
    with parts.database.transaction() as session:
        owner = organization_id(session, organization)
        taken = select(ContentSource.id).where(
            ContentSource.organization_id == owner, ContentSource.name == called
        )
        if session.scalar(taken):
            raise click.ClickException(f'A source "{called}" exists; give another --name.')
        secret_key = parts.settings.secret_key
        sealed = credentials.sealed(secret_key, credential) if credential else None
        session.add(
            ContentSource(
                organization_id=owner,
                name=called,
                url=url,
                branch=branch,
                path=path,
                interval_seconds=interval,
                on_rewrite=OnRewrite(on_rewrite),
                reports=Reports(reports) if reports else None,
                credential=sealed,
            )
        )
    click.echo(f'Added "{called}". Read it now with: flask sync apply {called}')


@source_cli.command("list")
def list_command() -> None:
    """List the content sources."""
    for row in find(None):
        click.echo(f"{row.id}  {row.name}  {row.url}  {row.branch}  {row.path or '/'}")


@source_cli.command("webhook")
@click.argument("source")
def webhook_command(source: str) -> None:
    """Make a new secret for push notifications; print it, once, with the address to call."""
    (row,) = find(source)
    parts, secret = runtime(), secrets.token_urlsafe(32)
    with parts.database.transaction() as session:
        stored = session.get_one(ContentSource, row.id, with_for_update=True)
        stored.webhook_secret = seal(parts.settings.secret_key, secret)
    click.echo(f"Address  {parts.settings.base_url}/webhooks/git/{row.id}")
    click.echo(f"Secret   {secret}  (shown only now)")


@source_cli.command("check-token")
@click.argument("source")
def check_token_command(source: str) -> None:
    """Make a new token for checks before a merge; print it, once, with the address to ask."""
    (row,) = find(source)
    parts, token = runtime(), secrets.token_urlsafe(32)
    with parts.database.transaction() as session:
        stored = session.get_one(ContentSource, row.id, with_for_update=True)
        stored.check_token_hash = hash_token(token)
    click.echo(f"Address  {parts.settings.base_url}/check/{row.id}")
    click.echo(f"Token    {token}  (shown only now; it can ask, and change nothing)")


@source_cli.command("remove")
@click.argument("source")
def remove_command(source: str) -> None:
    """Remove a source. Its walkthroughs stay, published as they are, and the dashboard's now."""
    (row,) = find(source)
    with runtime().database.transaction() as session:
        owned = session.scalars(
            select(Walkthrough.id).where(
                Walkthrough.organization_id == row.organization_id, Walkthrough.source_id == row.id
            )
        ).all()
        for walkthrough_id in owned:
            publishing.detach(session, row.organization_id, walkthrough_id, row.id)
        session.flush()
        session.delete(session.get_one(ContentSource, row.id))
    click.echo(f'Removed "{row.name}". {len(owned)} walkthrough(s) are the dashboard\'s now.')


def organization_id(session: Session, slug: str) -> str:
    """Return the id of the organization with this slug.

    Raises:
        click.ClickException: there is none.
    """
    found = session.scalar(select(Organization.id).where(Organization.slug == slug))
    if found is None:
        raise click.ClickException(f'There is no organization "{slug}".')
    return found


def find(name: str | None) -> list[ContentSource]:
    """Return the source with this name, or all of them.

    Raises:
        click.ClickException: there is none with this name.
    """
    with runtime().database.transaction() as session:
        query = select(ContentSource).order_by(ContentSource.name)
        rows = list(session.scalars(query.where(ContentSource.name == name) if name else query))
    if name and not rows:
        raise click.ClickException(
            f'There is no content source "{name}". See: flask sync source list'
        )
    if name and len(rows) > 1:
        raise click.ClickException(f'Several organizations have a source "{name}"; rename one.')
    return rows


def _credential(
    token: Path | None, key: Path | None, known_hosts: Path | None
) -> Credential | None:
    if token is not None:
        return Token(_read(token))
    if key is not None:
        return DeployKey(_read(key), _read(known_hosts) if known_hosts else "")
    return None


def _read(path: Path) -> str:
    with click.open_file(str(path)) as file:
        return str(file.read()).strip()
