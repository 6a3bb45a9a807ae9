"""Commands about learners' links."""

from __future__ import annotations

import click

from walkthroughs.addresses import personal_link
from walkthroughs.command_group import CommandGroup
from walkthroughs.errors import HandrailError
from walkthroughs.identity import links
from walkthroughs.runtime import runtime

links_cli = CommandGroup("links", help="Personal links of learners.")


@links_cli.command("create")
@click.option("--server", required=True, help="The MCP server's slug.")
@click.option("--email", required=True, help="The learner's e-mail address.")
def create(server: str, email: str) -> None:
    """Make a personal link; it is shown this once."""
    parts = runtime()
    try:
        with parts.database.transaction() as session:
            token = links.create_link(session, server, email)
    except HandrailError as error:
        raise click.ClickException(str(error)) from error
    address = personal_link(parts.settings.base_url, server, token)
    click.echo(f"{address}\n\nclaude mcp add --transport http {server} {address}")


@links_cli.command("revoke")
@click.option("--server", required=True, help="The MCP server's slug.")
@click.option("--email", required=True, help="The learner's e-mail address.")
def revoke(server: str, email: str) -> None:
    """End every link of a learner on a server. Progress stays."""
    with runtime().database.transaction() as session:
        ended = links.revoke_links(session, server, email)
    click.echo(f"{ended} link(s) ended.")
