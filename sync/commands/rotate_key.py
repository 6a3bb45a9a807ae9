"""`flask rotate-key`: the second half of a change of the secret key."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from sync.rotate_key import encrypt_again
from walkthroughs.command_group import Command
from walkthroughs.runtime import runtime


@click.command("rotate-key", cls=Command)
@with_appcontext
def rotate_key() -> None:
    """Encrypt every stored secret with the new key. The old one is needed for the last time."""
    parts = runtime()
    if len(parts.settings.secret_keys) == 1:
        raise click.ClickException(
            "There is no previous key. Set HANDRAIL_SECRET_KEY to the new key and "
            "HANDRAIL_SECRET_KEY_PREVIOUS to the old one, restart the servers, and run this again."
        )
    count, unreadable = encrypt_again(parts.database, parts.settings)
    click.echo(f"Encrypted with the new key: {count}.")
    if unreadable:
        raise click.ClickException(
            f"Neither key opens a secret of: {', '.join(unreadable)}. Enter it again: "
            "flask sync source set, flask sync source webhook, or flask providers add --replace."
        )
    click.echo(
        "Unset HANDRAIL_SECRET_KEY_PREVIOUS once nobody needs to stay signed in from before."
    )
