"""Commands about MCP servers."""

from __future__ import annotations

import click
from sqlalchemy import select

from walkthroughs.command_group import CommandGroup
from walkthroughs.models import MAX_PACE_SECONDS, McpServer
from walkthroughs.runtime import runtime

servers_cli = CommandGroup("servers", help="MCP servers.")


@servers_cli.command("set")
@click.argument("slug")
@click.option(
    "--pace",
    required=True,
    type=click.IntRange(0, MAX_PACE_SECONDS),
    help="Seconds for which a step that was shown cannot be completed; 0 holds nobody back.",
)
def set_server(slug: str, pace: int) -> None:
    """Change the MCP server SLUG. It takes effect within seconds."""
    with runtime().database.transaction() as session:
        server = session.scalar(select(McpServer).where(McpServer.slug == slug))
        if server is None:
            raise click.ClickException(
                f'There is no MCP server "{slug}". Look up its slug in the dashboard.'
            )
        server.pace_seconds = pace
    held = f"a step stays for {pace} s at least" if pace else "nobody is held back"
    click.echo(f"{slug}: {held}.")
