"""`flask sync source`: add, change, list and remove content sources."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from sync import credentials, queue
from sync.address import transport
from sync.credentials import Credential, DeployKey, Token
from walkthroughs import publishing
from walkthroughs.errors import HandrailError
from walkthroughs.identity.links import hash_token
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource, OnRewrite, Organization, Reports, Walkthrough
from walkthroughs.runtime import runtime
from walkthroughs.sealing import seal

source_cli = AppGroup("source", help="Add, change, list and remove content sources.")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True)


#: What a source has, for `add` and for `set`.
_OPTIONS = (
    click.option("--branch", help="The branch that is live; main unless told."),
    click.option("--path", help="A folder in the repository; all of it unless told."),
    click.option("--name", help="What to call it; the end of the address unless told."),
    click.option("--interval", type=click.IntRange(10, 86_400), help="Seconds between two looks."),
    click.option(
        "--on-rewrite",
        type=click.Choice([each.value for each in OnRewrite]),
        help="What to do when the branch loses the live commit; warn unless told.",
    ),
    click.option(
        "--reports",
        type=click.Choice([each.value for each in Reports]),
        help="Tell the host how each commit fared; the token must be allowed to.",
    ),
    click.option("--token-file", type=_FILE, help="A file with an access token; - reads it here."),
    click.option("--key-file", type=_FILE, help="A file with a deploy key, for ssh://."),
    click.option(
        "--known-hosts-file", type=_FILE, help="The host's keys, as ssh-keyscan prints them."
    ),
)
_COLUMNS = {"interval": "interval_seconds"}
_FILES = ("token_file", "key_file", "known_hosts_file")


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@source_cli.command("add")
@click.option("--organization", required=True, help="The organization's slug.")
@click.option("--url", required=True, help="https:// or ssh:// address.")
@click.option("--hold", is_flag=True, help="Apply nothing until `sync resume`.")
@_options
def add_command(organization: str, url: str, *, hold: bool, **given: Any) -> None:  # noqa: ANN401  options
    """Add a content source. It is read at the next look, or by `sync apply`.

    With --hold there is time to let it adopt walkthroughs that are here already:
    without, it makes others beside them.
    """
    called = given.pop("name") or url.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")
    with runtime().database.transaction() as session:
        row = ContentSource(
            organization_id=organization_id(session, organization), name=called, url=url
        )
        row.branch, row.path, row.on_rewrite = "main", "", OnRewrite.WARN
        row.held_at = now_ms() if hold else None
        _set(session, row, given)
        session.add(row)
    if hold:
        click.echo(f'Added "{called}", held. Apply it with: flask sync resume {called}')
    else:
        click.echo(f'Added "{called}". Read it now with: flask sync apply {called}')


@source_cli.command("set")
@click.argument("source")
@click.option("--url", help="https:// or ssh:// address, when the repository moved.")
@_options
def set_command(source: str, **given: Any) -> None:  # noqa: ANN401  options
    """Change a content source: a moved repository, a new token, another branch.

    Its walkthroughs stay its own, and learners keep their places.
    """
    (found,) = find(source)
    with runtime().database.transaction() as session:
        row = session.get_one(ContentSource, found.id, with_for_update=True)
        before = row.branch, row.path
        _set(session, row, given)
        if (row.branch, row.path) != before:
            row.synced_commit = None  # the same commit may hold something else there
        row.waiting = row.agreed = row.trouble = None
        queue.request(session, row.organization_id, row.id)
    click.echo(f'Changed "{row.name}". See what that means: flask sync plan {row.name}')


def _set(session: Session, row: ContentSource, given: dict[str, Any]) -> None:
    """Give *row* what was *given*, if it fits together; what was not stays.

    Raises:
        click.ClickException: it does not.
    """
    files = [given.pop(name) for name in _FILES]
    for name, value in given.items():
        if value is not None:
            setattr(row, _COLUMNS.get(name, name), value)
    settings = runtime().settings
    credential = _credential(*files)
    try:
        transport(row.url, row.branch, settings)
        stored = row.credential if credential is None else None
        credentials.check(row.url, credential or credentials.unsealed(settings.secret_key, stored))
    except HandrailError as error:
        raise click.ClickException(str(error)) from error
    if credential is not None:
        row.credential = credentials.sealed(settings.secret_key, credential)
    taken = select(ContentSource.id).where(
        ContentSource.organization_id == row.organization_id,
        ContentSource.name == row.name,
        ContentSource.id != (row.id or ""),
    )
    with session.no_autoflush:
        if session.scalar(taken):
            raise click.ClickException(f'A source "{row.name}" exists; give another --name.')


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
