"""`flask links` and `flask sign-ins`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import click

from walkthroughs.addresses import EMAIL_PATTERN, personal_link
from walkthroughs.command_group import CommandGroup
from walkthroughs.identity import links, sign_ins
from walkthroughs.identity.servers import find_server
from walkthroughs.ids import utc_text
from walkthroughs.runtime import runtime

links_cli = CommandGroup("links", help="Personal links of learners.")
sign_ins_cli = CommandGroup("sign-ins", help="Apps in which learners have signed in.")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True)


@links_cli.command("create")
@click.option("--server", required=True, help="The MCP server's slug.")
@click.option("--email", help="The learner's e-mail address.")
@click.option("--csv", "people", type=_FILE, help="A file with an e-mail address in each line.")
def create(server: str, email: str | None, people: Path | None) -> None:
    """Make a personal link; it is shown this once.

    With --csv, make one for each line, all or none, and write e-mail and address as CSV. Of a
    file with several columns, the one named "email" counts, else the first.
    """
    if (email is None) == (people is None):
        raise click.UsageError("Give --email for one learner, or --csv for many.")
    parts = runtime()
    emails = [email or ""] if people is None else _read_emails(people)
    with parts.database.transaction() as session:
        tokens = links.create_links(session, server, emails)
        domain = find_server(session, server).served_domain
    base_url = parts.settings.base_url
    addresses = {
        each: personal_link(base_url, server, token, domain) for each, token in tokens.items()
    }
    if people is None:
        (address,) = addresses.values()
        click.echo(f"{address}\n\nclaude mcp add --transport http {server} {address}")
    else:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([("email", "address"), *addresses.items()])


@links_cli.command("list")
@click.option("--server", required=True, help="The MCP server's slug.")
def list_command(server: str) -> None:
    """Print whose links there are. The links themselves are not stored."""
    with runtime().database.transaction() as session:
        rows = links.list_links(session, server)
    for row in rows:
        ended = f"  ended {utc_text(row.revoked_at)}" if row.revoked_at else ""
        click.echo(f"{row.id}  {row.email}  made {utc_text(row.created_at)}{ended}")


@links_cli.command("revoke")
@click.option("--server", required=True, help="The MCP server's slug.")
@click.option("--email", required=True, help="The learner's e-mail address, or their id.")
def revoke(server: str, email: str) -> None:
    """End every link of a learner on a server. Progress stays."""
    with runtime().database.transaction() as session:
        ended = links.revoke_links(session, server, email)
    click.echo(f"{ended} link(s) ended.")


@sign_ins_cli.command("list")
@click.option("--server", required=True, help="The MCP server's slug.")
def list_sign_ins(server: str) -> None:
    """Print who has signed in on a server, in which app, and when it was used."""
    with runtime().database.transaction() as session:
        rows = sign_ins.list_grants(session, server)
    for row in rows:
        ended = f"  ended {utc_text(row.revoked_at)}" if row.revoked_at else ""
        click.echo(
            f"{row.id}  {row.email}  {row.client_name} ({row.redirect_host})  "
            f"begun {utc_text(row.created_at)}  used {utc_text(row.last_used_at)}{ended}"
        )


@sign_ins_cli.command("end")
@click.argument("sign_in", required=False)
@click.option("--server", help="The MCP server's slug.")
@click.option("--email", help="The learner's e-mail address, or their id.")
def end_sign_in(sign_in: str | None, server: str | None, email: str | None) -> None:
    """End a sign-in by its id, or all of a learner on a server. Progress stays."""
    if bool(sign_in) == bool(server and email):
        raise click.UsageError("Give the id of a sign-in, or --server and --email.")
    with runtime().database.transaction() as session:
        if sign_in:
            sign_ins.end_one(session, sign_in)
        ended = 1 if sign_in else sign_ins.end_of_learner(session, server or "", email or "")
    click.echo(f"{ended} sign-in(s) ended.")


def _read_emails(path: Path) -> list[str]:
    with click.open_file(str(path), encoding="utf-8-sig", errors="replace") as file:
        lines = [(number, row) for number, row in enumerate(csv.reader(file), 1) if any(row)]
    column, first = 0, [cell.strip().lower() for cell in lines[0][1]] if lines else []
    if "email" in first:
        column, lines = first.index("email"), lines[1:]
    emails = [(number, row[column].strip() if column < len(row) else "") for number, row in lines]
    bad = [f"line {number}: {each!r}" for number, each in emails if not _is_email(each)]
    if bad or not emails:
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        reason = f"Not an e-mail address: {', '.join(bad[:5])}{more}" if bad else "Nobody is in it"
        raise click.ClickException(f"{reason}. No link was made; correct {path} and try again.")
    return [each for _, each in emails]


def _is_email(text: str) -> bool:
    return EMAIL_PATTERN.fullmatch(text) is not None
