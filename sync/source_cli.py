"""`flask sync source`: add, change, list and remove content sources."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from sync import credentials, queue
from sync.address import transport
from sync.credentials import Credential, DeployKey, Token
from sync.queue import claimed
from walkthroughs import publishing
from walkthroughs.errors import HandrailError
from walkthroughs.identity.links import hash_token
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource, OnRewrite, Organization, Reports, Walkthrough
from walkthroughs.runtime import runtime
from walkthroughs.sealing import seal
from walkthroughs.settings import Settings

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
    row = ContentSource(name=called, url=url, branch="main", path="", on_rewrite=OnRewrite.WARN)
    with _telling():
        columns = _columns(row, given)
        with runtime().database.transaction() as session:
            owner = organization_id(session, organization)
            row = ContentSource(organization_id=owner, name=called, url=url, **columns)
            row.held_at = now_ms() if hold else None
            _refuse_taken(session, row)
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

    Its walkthroughs stay its own, and learners keep their places. Waits for a run under way.
    """
    (found,) = find(source)
    database = runtime().database
    with _telling():
        columns = _columns(found, given)
        with claimed(database, found.id, wait=True), database.transaction() as session:
            row = session.get_one(ContentSource, found.id, with_for_update=True)
            before = row.branch, row.path
            for name, value in columns.items():
                setattr(row, name, value)
            _refuse_taken(session, row)
            if (row.branch, row.path) != before:
                row.synced_commit = None  # the same commit may hold something else there
            row.wanted_commit = row.waiting = row.agreed = row.trouble = None
            queue.request(session, row.organization_id, row.id)
    called = columns.get("name", found.name)
    click.echo(f'Changed "{called}". See what that means: flask sync plan {called}')


def _columns(row: ContentSource, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was *given* as columns, if it fits together with what *row* has else.

    It may wait for somebody to paste a token, and for names to be looked up: lock nothing before.

    Raises:
        HandrailError: it does not fit.
    """
    settings = runtime().settings
    told = {name: value for name, value in given.items() if value is not None}
    files = {name: _read(told.pop(name)) for name in _FILES if name in told}
    columns = {_COLUMNS.get(name, name): value for name, value in told.items()}
    if not str(columns.get("path", "")).isprintable():
        raise HandrailError("The name of a folder has no characters that cannot be seen.")
    url, branch = columns.get("url", row.url), columns.get("branch", row.branch)
    transport(url, branch, settings)
    stored = credentials.unsealed(settings.secret_key, row.credential) if not files else None
    credential = _credential(settings, row, files) if files else stored
    credentials.check(url, credential)
    if files and credential is not None:
        columns["credential"] = credentials.sealed(settings.secret_key, credential)
    return columns


def _credential(
    settings: Settings, row: ContentSource, files: Mapping[str, str]
) -> Credential | None:
    if "token_file" in files:
        return Token(files["token_file"])
    hosts = files.get("known_hosts_file", "")
    if "key_file" in files:
        return DeployKey(files["key_file"], hosts)
    stored = credentials.unsealed(settings.secret_key, row.credential)
    if not isinstance(stored, DeployKey):
        raise HandrailError("The host's keys go with a deploy key. Give --key-file, too.")
    return DeployKey(stored.key, hosts)


def _refuse_taken(session: Session, row: ContentSource) -> None:
    taken = select(ContentSource.id).where(
        ContentSource.organization_id == row.organization_id,
        ContentSource.name == row.name,
        ContentSource.id != (row.id or ""),
    )
    with session.no_autoflush:
        if session.scalar(taken):
            raise HandrailError(f'A source "{row.name}" exists; give another --name.')


@contextmanager
def _telling() -> Iterator[None]:
    """Say what does not fit as a command says it."""
    try:
        yield
    except HandrailError as error:
        raise click.ClickException(str(error)) from error


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


def _read(path: Path) -> str:
    with click.open_file(str(path)) as file:
        return str(file.read()).strip()
