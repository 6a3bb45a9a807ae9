"""`flask db upgrade`: the schema of this release."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from walkthroughs.command_group import Command
from walkthroughs.database import migrations
from walkthroughs.runtime import runtime


@click.command("upgrade", cls=Command)
@click.argument("revision", default="head")
@with_appcontext
def upgrade(revision: str) -> None:
    """Bring the database to the schema of this release, or to REVISION on the way there."""
    database = runtime().database
    migrations.upgrade(database, revision)
    click.echo(f"The database is at schema {migrations.current_revision(database)}.")
