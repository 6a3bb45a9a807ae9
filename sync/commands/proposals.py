"""`flask sync propose|proposals`: changes of walkthroughs as branches of their repositories."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import or_, select

from sync.commands.operator import user_name
from sync.format.folder import read_folder
from sync.format.parse import Surroundings, parse_repository
from sync.git.edit_link import view_address_of
from sync.git.proposal_branch import Person
from sync.named_sources import find_source
from sync.proposals.errors import NotProposed, ProposalConflict
from sync.proposals.opened import Change
from sync.proposals.propose import Proposed, preview_proposal, propose
from sync.proposals.state import link_of, list_proposals
from walkthroughs.content.values import AuthoredWalkthrough
from walkthroughs.enums import ProposalState
from walkthroughs.ids import utc_text
from walkthroughs.models import ContentSource, Walkthrough
from walkthroughs.runtime import runtime

_PERSON = re.compile(r"(?P<name>[^<>]{1,100})<(?P<email>[^<>\s]{3,200})>")


@click.command("propose")
@click.argument("source")
@click.argument("walkthrough", metavar="WALKTHROUGH")
@click.option(
    "--from",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A content repository's folder, with the walkthrough as it is to be.",
)
@click.option("--author", help='Whose change it is: "Ana <ana@acme.example>"; by default you.')
@click.option("--note", default="", help="What the change is for; it becomes the commit's message.")
@click.option("--diff", "only_diff", is_flag=True, help="Print what would change; push nothing.")
@click.option(
    "--patch",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the change for `git am`, if the host takes no push.",
)
@with_appcontext
def propose_command(
    source: str,
    walkthrough: str,
    folder: Path,
    author: str | None,
    note: str,
    patch: Path | None,
    *,
    only_diff: bool,
) -> None:
    """Push a change of WALKTHROUGH to a branch.

    It is named by its id here or in its files. Its content comes from a folder. Only the files
    that it changes are written, as their authors spell them. A second proposal goes on top of the
    first; nothing is forced.
    """
    parts = runtime()
    owner = find_source(parts.database, source)
    row = _find(owner, walkthrough)
    wanted = _read(folder, row.external_id, owner)
    change = Change(row.organization_id, row.id, wanted.content, wanted.pictures)
    about = parts.database, parts.settings, change
    try:
        if only_diff:
            shown = preview_proposal(*about)
            click.echo(shown.diff, nl=False)
            return
        who = _person(author)
        done = propose(*about, who, note=note)
    except ProposalConflict as error:
        click.echo(error.theirs, nl=False)
        raise
    except NotProposed as error:
        _write_patch(error, patch)
        raise
    _tell(done)


@click.command("proposals")
@click.argument("source", required=False)
@with_appcontext
def proposals_command(source: str | None) -> None:
    """List the proposals. The newest comes first; open ones say where to open a pull request."""
    parts = runtime()
    source_id = find_source(parts.database, source).id if source else None
    with parts.database.transaction() as session:
        rows = list_proposals(session, source_id=source_id)
    for row in rows:
        name = row.walkthrough.external_id
        line = f"{utc_text(row.updated_at)}  {row.state:6}  {row.source.name}/{name}  {row.branch}"
        click.echo(f"{line}  {row.git_commit[:10]}  {row.author}")
        link = link_of(row.source, row, row.walkthrough.title)
        if link and row.state is ProposalState.OPEN:
            click.echo(f"    {link}")
    if not rows:
        click.echo("No proposals.")


def _find(source: ContentSource, name: str) -> Walkthrough:
    with runtime().database.transaction() as session:
        row: Walkthrough | None = session.scalar(
            select(Walkthrough).where(
                Walkthrough.organization_id == source.organization_id,
                Walkthrough.source_id == source.id,
                or_(Walkthrough.id == name, Walkthrough.external_id == name),
            )
        )
    if row is None:
        raise click.ClickException(f'"{source.name}" has no walkthrough "{name}".')
    return row


def _read(folder: Path, author_id: str, source: ContentSource) -> AuthoredWalkthrough:
    """Return the walkthrough with this id from the files in *folder*, read as those of *source*."""
    found: list[AuthoredWalkthrough] = []

    def keep(authored: AuthoredWalkthrough) -> int:
        if authored.content.id == author_id:
            found.append(authored)
        return len(found)

    around = Surroundings(web_address=partial(view_address_of, source))
    result = parse_repository(read_folder(folder), keep, around)
    if not found or author_id in result.unreadable:
        problems = "".join(f"\n{each}" for each in result.problems[:5])
        raise click.ClickException(f'There is no walkthrough "{author_id}" in {folder}.{problems}')
    return found[0]


def _person(author: str | None) -> Person:
    if author is None:
        name = user_name()
        return Person(name, f"{name}@{runtime().settings.base_host}")
    match = _PERSON.fullmatch(author.strip())
    if match is None:
        raise click.ClickException('Give the author as "Ana <ana@acme.example>".')
    return Person(match["name"].strip(), match["email"])


def _tell(done: Proposed) -> None:
    row = done.proposal
    click.echo(done.diff, nl=False)
    click.echo(f"Pushed {row.git_commit[:10]} to {row.branch}.")
    click.echo(
        f"Open a pull request: {done.link}"
        if done.link
        else f'Open a pull request for the branch "{row.branch}" at your host.'
    )


def _write_patch(error: NotProposed, path: Path | None) -> None:
    if error.patch is None:
        return
    if path is None:
        click.echo("Give --patch FILE to get the change as a file for `git am`.", err=True)
        return
    path.write_bytes(error.patch)
    click.echo(f"Wrote {path}; apply it with: git am {path}", err=True)
