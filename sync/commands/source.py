"""`flask sync source`: add, change, list and remove content sources."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sync import sources
from sync.commands.operator import operator_name
from sync.named_sources import find_source, find_sources
from walkthroughs import addresses
from walkthroughs.command_group import CommandGroup, read_given
from walkthroughs.enums import GitHost, OnRewrite
from walkthroughs.runtime import runtime

source_cli = CommandGroup("source", help="Add, change, list and remove content sources.")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True)

#: What a source has, for `add` and for `set`.
_OPTIONS = (
    click.option("--branch", help="The branch that is live; by default main."),
    click.option("--path", help="A folder in the repository; by default all of it."),
    click.option("--name", help="What to call it; by default the end of the address."),
    click.option("--interval", type=click.IntRange(10, 86_400), help="Seconds between two looks."),
    click.option(
        "--on-rewrite",
        type=click.Choice([each.value for each in OnRewrite]),
        help="What to do when the branch loses the live commit; by default warn.",
    ),
    click.option(
        "--reports",
        type=click.Choice([each.value for each in GitHost]),
        help="Tell the host how each commit fared; the token must be allowed to.",
    ),
    click.option("--token-file", type=_FILE, help="A file with an access token; - reads it here."),
    click.option("--key-file", type=_FILE, help="A file with a deploy key, for ssh://."),
    click.option(
        "--known-hosts-file", type=_FILE, help="The host's keys, as ssh-keyscan prints them."
    ),
)
#: Options whose names are not those of the columns.
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
    columns, secret_files = _read(given)
    columns["url"] = url
    name = columns.setdefault("name", url.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git"))
    parts = runtime()
    source_id = sources.add_source(
        parts.database,
        parts.settings,
        organization,
        columns,
        secret_files,
        held_by=operator_name() if hold else None,
    )
    (found,) = find_sources(parts.database, source_id)
    if hold:
        click.echo(f'Added "{name}", held. Apply it with: flask sync resume {found.name}')
    else:
        click.echo(f'Added "{name}". Read it now with: flask sync apply {found.name}')


@source_cli.command("set")
@click.argument("source")
@click.option("--url", help="https:// or ssh:// address, when the repository moved.")
@_options
def set_command(source: str, **given: Any) -> None:  # noqa: ANN401  options
    """Change a content source: a moved repository, a new token, another branch.

    Its walkthroughs stay its own, and learners keep their places. Waits for a run under way.
    """
    parts = runtime()
    row = find_source(parts.database, source)
    columns, secret_files = _read(given)
    sources.change_source(parts.database, parts.settings, row, columns, secret_files)
    (found,) = find_sources(parts.database, row.id)
    click.echo(f'Changed "{found.row.name}". See what that means: flask sync plan {found.name}')


@source_cli.command("list")
def list_command() -> None:
    """List the content sources: id, organization, name, address, branch and folder."""
    for each in find_sources(runtime().database, None):
        row = each.row
        place = f"{row.url}  {row.branch}  {row.path or '/'}"
        click.echo(f"{row.id}  {each.organization}  {row.name}  {place}")


@source_cli.command("webhook")
@click.argument("source")
def webhook_command(source: str) -> None:
    """Make a new secret for push notifications; print it, once, with the address to call."""
    parts = runtime()
    row = find_source(parts.database, source)
    secret = sources.new_webhook_secret(parts.database, parts.settings, row)
    click.echo(f"Address  {addresses.webhook_address(parts.settings.base_url, row.id)}")
    click.echo(f"Secret   {secret}  (shown only now)")


@source_cli.command("check-token")
@click.argument("source")
def check_token_command(source: str) -> None:
    """Make a new token for checks before a merge; print it, once, with the address to ask."""
    parts = runtime()
    row = find_source(parts.database, source)
    token = sources.new_check_token(parts.database, row)
    click.echo(f"Address  {addresses.merge_check_address(parts.settings.base_url, row.id)}")
    click.echo(f"Token    {token}  (shown only now; it can ask, and change nothing)")


@source_cli.command("remove")
@click.argument("source")
def remove_command(source: str) -> None:
    """Remove a source. Its walkthroughs stay, published as they are, and the dashboard's now."""
    database = runtime().database
    row = find_source(database, source)
    owned = sources.remove_source(database, runtime().settings, row)
    click.echo(f'Removed "{row.name}". {owned} walkthrough(s) are the dashboard\'s now.')


def _read(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the options that were given as columns, and the texts of the files among them."""
    options = {name: value for name, value in given.items() if value is not None}
    files = {name: read_given(options.pop(name)) for name in _FILES if name in options}
    return {_COLUMNS.get(name, name): value for name, value in options.items()}, files
