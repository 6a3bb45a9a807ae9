"""`flask init-admin`: an organization and its first owner."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from admin.access.accounts import create_owner
from walkthroughs.addresses import EMAIL_PATTERN, SLUG_PATTERN
from walkthroughs.command_group import Command
from walkthroughs.database import migrations
from walkthroughs.models import Organization
from walkthroughs.runtime import runtime


@click.command("init-admin", cls=Command)
@click.option("--email", required=True, help="The owner's e-mail address.")
@click.option("--organization", required=True, help="The organization's slug.")
@with_appcontext
def init_admin(email: str, organization: str) -> None:
    """Make an organization and its first owner. Print the password once."""
    if not EMAIL_PATTERN.fullmatch(email):
        raise click.ClickException(f'"{email}" is not an e-mail address, such as lea@example.com.')
    if not SLUG_PATTERN.fullmatch(organization):
        raise click.ClickException(f'"{organization}" must be small letters, digits and hyphens.')
    database = runtime().database
    migrations.upgrade(database)
    with database.transaction() as session:
        row = session.scalar(select(Organization).where(Organization.slug == organization))
        if row is None:
            row = Organization(slug=organization, name=organization.title())
            session.add(row)
            session.flush()
        password = create_owner(session, row.id, email.lower())
    if password is None:
        raise click.ClickException(
            f'"{organization}" has an owner already. See: flask members list. For a new password: '
            "flask members reset-password"
        )
    click.echo(f"{email} owns {organization}." + (f" Password: {password}" if password else ""))
