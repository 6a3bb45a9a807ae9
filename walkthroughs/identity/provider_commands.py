"""`flask providers`: where an organization's people sign in."""

from __future__ import annotations

import sys

import click
from sqlalchemy import select

from walkthroughs.addresses import provider_callback
from walkthroughs.command_group import CommandGroup
from walkthroughs.identity.organizations import organization_id
from walkthroughs.identity.provider_metadata import discover, outside_http
from walkthroughs.identity.providers import add_provider, client_of, find_provider
from walkthroughs.models.oidc import OidcProvider
from walkthroughs.models.servers import McpServer
from walkthroughs.models.tenancy import Organization
from walkthroughs.runtime import runtime

providers_cli = CommandGroup("providers", help="Providers of OpenID Connect.")
_MAX_SECRET_CHARACTERS = 4_000
_organization = click.option("--organization", required=True, help="The organization's slug.")


@providers_cli.command("add")
@click.argument("name")
@_organization
@click.option(
    "--issuer", required=True, help="What the provider calls itself: an https:// address."
)
@click.option("--client-id", required=True, help="What the provider calls Handrail.")
@click.option("--replace", is_flag=True, help="Change the provider of that name.")
def add(name: str, organization: str, issuer: str, client_id: str, *, replace: bool) -> None:
    """Add a provider; learners read NAME on the button. The client secret comes by standard input.

    It is asked for at a terminal. Sign-ins of before go on when a provider is changed.
    """
    secret = _read_secret()
    parts = runtime()
    with parts.database.transaction() as session:
        owner = organization_id(session, organization)
        add_provider(
            session, parts.settings, owner, name,
            issuer=issuer, client_id=client_id, secret=secret, replace=replace,
        )  # fmt: skip
    done = "Changed" if replace else "Added"
    click.echo(f'{done} "{name}". Look whether it can be used: flask providers check')


@providers_cli.command("check")
@click.argument("name")
@_organization
def check(name: str, organization: str) -> None:
    """Ask the provider NAME what it offers; say what is wrong, and what to register there."""
    parts = runtime()
    with parts.database.transaction() as session:
        provider = find_provider(session, organization_id(session, organization), name)
        slugs = session.scalars(
            select(McpServer.slug)
            .where(
                McpServer.organization_id == provider.organization_id,
                McpServer.oidc_provider_id == provider.id,
            )
            .order_by(McpServer.slug)
        ).all()
    base_url = parts.settings.base_url
    client_of(parts.settings, provider, "")
    for slug in slugs:
        click.echo(f"Callback  {provider_callback(base_url, slug)}")
    metadata = discover(outside_http(parts.settings), parts.settings, provider.issuer)
    click.echo(f"Issuer    {metadata.issuer}\nSign-in   {metadata.authorization_endpoint}")
    if not slugs:
        click.echo("No server uses it. See: flask servers set SLUG --auth oidc --provider NAME")


@providers_cli.command("list")
def list_command() -> None:
    """Print every provider with its organization and issuer. Secrets are not shown."""
    query = (
        select(Organization.slug, OidcProvider.name, OidcProvider.issuer, OidcProvider.client_id)
        .join(OidcProvider, OidcProvider.organization_id == Organization.id)
        .order_by(Organization.slug, OidcProvider.name)
    )
    with runtime().database.transaction() as session:
        rows = session.execute(query).all()
    for organization, name, issuer, client_id in rows:
        click.echo(f"{organization}  {name}  {issuer}  {client_id}")


def _read_secret() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Client secret", hide_input=True)).strip()
    return sys.stdin.read(_MAX_SECRET_CHARACTERS).strip()
