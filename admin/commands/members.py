"""`flask members`: who signs in to the dashboard, and as what."""

from __future__ import annotations

import json
from typing import Any

import click

from admin.access import invitations, members
from admin.access.passwords import link_token
from walkthroughs.addresses import invitation_link, password_link
from walkthroughs.command_group import CommandGroup
from walkthroughs.enums import Role
from walkthroughs.identity.organizations import organization_id
from walkthroughs.models import User
from walkthroughs.runtime import runtime

members_cli = CommandGroup("members", help="People who sign in to the dashboard.")

_organization = click.option("--organization", required=True, help="The organization's slug.")
_email = click.option("--email", required=True, help="The person's e-mail address.")
_role = click.option("--role", required=True, type=click.Choice([str(each) for each in Role]))


@members_cli.command("add")
@_organization
@_email
@_role
def add(organization: str, email: str, role: str) -> None:
    """Add a person. Who is new gets a link to choose a password; it is shown this once."""
    with runtime().database.transaction() as session:
        user = members.add_member(session, organization, email, Role(role))
    click.echo(f"{user.email} is {role} of {organization}.")
    if user.password is None:
        _print_link(user)


@members_cli.command("invite")
@_organization
@click.option("--email", "emails", required=True, multiple=True, help="Whom; several are allowed.")
@_role
def invite(organization: str, emails: tuple[str, ...], role: str) -> None:
    """Print a link for each person, with which they join. It works once, within a week."""
    parts = runtime()
    with parts.database.transaction() as session:
        owner = organization_id(session, organization)
        addresses = invitations.read_addresses(" ".join(emails))
        tokens = invitations.invite(session, owner, addresses, Role(role), None)
    for email, token in tokens.items():
        click.echo(f"{email}  {invitation_link(parts.settings.base_url, token)}")


@members_cli.command("list")
@click.option("--organization", help="The slug of one organization.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def list_command(organization: str | None, as_json: bool) -> None:
    """Print who is a member of what."""
    with runtime().database.transaction() as session:
        rows: list[dict[str, Any]] = [
            dict(row._mapping) for row in members.list_members(session, organization)
        ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        waits = "" if row["has_password"] else "  (has not chosen a password)"
        click.echo(f"{row['organization']}  {row['email']}  {row['role']}{waits}")


@members_cli.command("role")
@_organization
@_email
@_role
def role_command(organization: str, email: str, role: str) -> None:
    """Give a member another role. It counts from their next page."""
    with runtime().database.transaction() as session:
        members.set_role(session, organization, email, Role(role))
    click.echo(f"{email} is {role} of {organization}.")


@members_cli.command("remove")
@_organization
@_email
def remove(organization: str, email: str) -> None:
    """Take a member out. Their next page is closed; what they wrote stays."""
    with runtime().database.transaction() as session:
        is_gone = members.remove_member(session, organization, email)
    account = " The account is deleted." if is_gone else " The account stays for others."
    click.echo(f"{email} is no member of {organization}.{account}")


@members_cli.command("reset-password")
@_email
def reset_password(email: str) -> None:
    """Print a link to choose a new password. The old one works until then."""
    with runtime().database.transaction() as session:
        user = members.find_user(session, email)
    _print_link(user)


def _print_link(user: User) -> None:
    settings = runtime().settings
    click.echo(
        "Send them this link to choose a password. It works once, within a day:\n"
        + password_link(settings.base_url, link_token(settings, user))
    )
