"""`flask servers`: MCP servers."""

from __future__ import annotations

import json
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.addresses import domain_record, provider_callback, server_address
from walkthroughs.command_group import CommandGroup
from walkthroughs.enums import AuthType, SignIn
from walkthroughs.errors import HandrailError
from walkthroughs.identity.organizations import organization_id
from walkthroughs.identity.servers import find_server
from walkthroughs.identity.sign_ins import set_auth
from walkthroughs.mcp_server.domains import check_names, verify
from walkthroughs.models import MAX_PACE_SECONDS, McpServer, Organization
from walkthroughs.runtime import runtime
from walkthroughs.settings import Settings

_AUTH_TYPES = click.Choice([*map(str, AuthType)])
_SIGN_INS = click.Choice([*map(str, SignIn)])
servers_cli = CommandGroup("servers", help="MCP servers.")
_domain = click.option("--domain", help="A domain of its own that leads here.")
_pace = click.option(
    "--pace",
    type=click.IntRange(0, MAX_PACE_SECONDS),
    help="Seconds for which a step that was shown cannot be completed; 0 holds nobody back.",
)


@servers_cli.command("create")
@click.argument("slug")
@click.option("--organization", required=True, help="The organization's slug.")
@click.option("--name", help="What people call it; by default the slug.")
@_domain
@_pace
def create(slug: str, organization: str, **given: Any) -> None:  # noqa: ANN401  options
    """Make the MCP server SLUG, and print its address."""
    parts = runtime()
    with parts.database.transaction() as session:
        owner = organization_id(session, organization)
        if session.scalar(select(McpServer.id).where(McpServer.slug == slug)) is not None:
            raise HandrailError(f'There is a server "{slug}" already. Choose another slug.')
        server = McpServer(organization_id=owner, slug=slug, name=slug)
        session.add(server)
        _change(session, parts.settings, server, given)
        _print(parts.settings, server)


@servers_cli.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def list_command(as_json: bool) -> None:
    """Print every server, its organization and its addresses."""
    settings = runtime().settings
    query = (
        select(Organization.slug, McpServer)
        .join(McpServer, McpServer.organization_id == Organization.id)
        .order_by(Organization.slug, McpServer.slug)
    )
    with runtime().database.transaction() as session:
        facts = [_facts(settings, owner, server) for owner, server in session.execute(query)]
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    for each in facts:
        off = "" if each["on"] else "  off"
        click.echo(f"{each['organization']}  {each['slug']}  {'  '.join(each['addresses'])}{off}")


@servers_cli.command("set")
@click.argument("slug")
@click.option("--name", help="What people call it.")
@_domain
@click.option("--no-domain", is_flag=True, help="Take the domain away.")
@click.option("--on/--off", "on", default=None, help="Whether its tools answer.")
@_pace
@click.option("--auth", type=_AUTH_TYPES, help="How its learners are known.")
@click.option("--provider", help="Where they sign in by oidc; see: flask providers list")
@click.option("--sign-in", type=_SIGN_INS, help="When it asks for a sign-in.")
def set_server(slug: str, *, no_domain: bool, **given: Any) -> None:  # noqa: ANN401  options
    """Change the MCP server SLUG. It takes effect within seconds."""
    if no_domain:
        given["domain"] = ""
    if all(value is None for value in given.values()):
        raise click.UsageError("Say what to change. See: flask servers set --help")
    parts = runtime()
    with parts.database.transaction() as session:
        server = find_server(session, slug)
        _change(session, parts.settings, server, given)
        _print(parts.settings, server)


@servers_cli.command("verify-domain")
@click.argument("slug")
def verify_domain(slug: str) -> None:
    """Serve the domain of the MCP server SLUG, once its TXT record names the server."""
    parts = runtime()
    with parts.database.transaction() as session:
        server = find_server(session, slug)
        verify(session, parts.settings, server)
        _print(parts.settings, server)


def _change(session: Session, settings: Settings, server: McpServer, given: dict[str, Any]) -> None:
    """Set what was given; None is left as it is, and an empty domain takes it away."""
    if given.get("domain") is not None:
        server.custom_domain = given["domain"].lower() or None
    for option, column in (
        ("name", "name"), ("pace", "pace_seconds"), ("on", "walkthrough_tools_enabled"),
        ("sign_in", "sign_in"),
    ):  # fmt: skip
        if given.get(option) is not None:
            setattr(server, column, given[option])
    if given.get("auth") is not None or given.get("provider") is not None:
        auth_type = AuthType(given.get("auth") or server.auth_type)
        set_auth(session, settings, server, auth_type, given.get("provider"))
    check_names(settings, server.slug, server.custom_domain)
    session.flush()
    if given.get("domain") and settings.trust_domains:
        verify(session, settings, server)


def _print(settings: Settings, server: McpServer) -> None:
    domain = server.custom_domain
    click.echo(f"Address  {server_address(settings.base_url, server.slug)}")
    if server.served_domain:
        click.echo(f"Address  {server_address('', '', server.served_domain)}")
    elif domain:
        click.echo(
            f"Domain   {domain} is not served yet. Add a TXT record at {domain_record(domain)} "
            f"with the text {server.id}, then: flask servers verify-domain {server.slug}"
        )
    pace = server.pace_seconds
    click.echo(f"Pace     {pace} s" if pace else "Pace     nobody is held back")
    if server.auth_type is not AuthType.PERSONAL_LINK:
        at = f" at {server.oidc_provider}" if server.oidc_provider else ""
        click.echo(
            f"Sign-in  {server.auth_type}{at}, {server.sign_in}; personal links work as well"
        )
    if server.oidc_provider:
        callback = provider_callback(settings.base_url, server.slug)
        click.echo(f"Callback {callback}; register it at the provider")
    if not server.walkthrough_tools_enabled:
        click.echo(f"Off      Switch it on with: flask servers set {server.slug} --on")


def _facts(settings: Settings, organization: str, server: McpServer) -> dict[str, Any]:
    own = [f"https://{server.custom_domain}/mcp"] if server.domain_verified_at else []
    return {
        "organization": organization,
        "slug": server.slug,
        "name": server.name,
        "addresses": [server_address(settings.base_url, server.slug), *own],
        "unverified_domain": None if own else server.custom_domain,
        "on": server.walkthrough_tools_enabled,
        "pace_seconds": server.pace_seconds,
        "auth": server.auth_type,
        "sign_in": server.sign_in,
        "provider": str(server.oidc_provider) if server.oidc_provider else None,
    }
