"""`flask backup` and `flask restore`."""

from __future__ import annotations

import os
from pathlib import Path

import click
from flask.cli import with_appcontext

from walkthroughs.command_group import Command, read_given
from walkthroughs.database import migrations
from walkthroughs.operations.backup import back_up
from walkthroughs.operations.backup import restore as restore_backup
from walkthroughs.runtime import runtime

_passphrase_file = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the passphrase, for programs; else it is asked for.",
)


@click.command("backup", cls=Command)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_passphrase_file
@with_appcontext
def backup(file: Path, passphrase_file: Path | None) -> None:
    """Write the database and the secret key to FILE; learners go on meanwhile.

    The key is sealed with a passphrase. The rest is not: keep the file as you keep the database.
    """
    parts = runtime()
    if not os.access(file.resolve().parent, os.W_OK):
        message = f"{file.resolve().parent} is no folder that you may write to. Choose another one."
        raise click.ClickException(message)
    passphrase = _passphrase(passphrase_file, is_new=True)
    back_up(parts.database, parts.settings, file.resolve(), passphrase)
    click.echo(f"Backed up to {file} ({file.stat().st_size:,} bytes).")


@click.command("restore", cls=Command)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_passphrase_file
@click.option("--replace", is_flag=True, help="Lose what the database holds now.")
@with_appcontext
def restore(file: Path, passphrase_file: Path | None, replace: bool) -> None:
    """Put the backup FILE in place of what the database holds."""
    parts = runtime()
    passphrase = _passphrase(passphrase_file, is_new=False)
    left = restore_backup(parts.database, parts.settings, file, passphrase, replace=replace)
    click.echo(f"Restored {file}.")
    if left:
        click.echo(left)
    migrations.upgrade(parts.database)  # the backup may be of an older release


def _passphrase(file: Path | None, *, is_new: bool) -> str:
    if file is None:
        given = click.prompt("Passphrase", hide_input=True, confirmation_prompt=is_new, err=True)
    else:
        given = read_given(file)
    if not given:
        raise click.ClickException("The passphrase is empty.")
    return str(given)
