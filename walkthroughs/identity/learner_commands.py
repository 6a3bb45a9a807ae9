"""`flask learners`: people who follow walkthroughs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

import click
from sqlalchemy.orm import Session

from walkthroughs.command_group import CommandGroup
from walkthroughs.database.unavailable import unavailable_errors
from walkthroughs.identity import learner_export, learners
from walkthroughs.identity.erasing import erase
from walkthroughs.identity.learner_facts import facts_text, learner_facts
from walkthroughs.identity.merging import Merged, merge_learners
from walkthroughs.identity.organizations import organization_id
from walkthroughs.ids import utc_text
from walkthroughs.runtime import runtime

learners_cli = CommandGroup("learners", help="People who follow walkthroughs.")
_organization = click.option("--organization", required=True, help="The organization's slug.")
_json = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
R = TypeVar("R")
_yes = click.option("--yes", is_flag=True, help="Do not ask.")


@learners_cli.command("list")
@_organization
@click.option(
    "--search",
    default="",
    help="The beginning of the address, the domain with its @, or an id.",
)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--page", type=click.IntRange(1, 1_000_000), default=1, show_default=True)
@_json
def list_command(organization: str, search: str, limit: int, page: int, as_json: bool) -> None:
    """Print learners by e-mail address, and when they were last shown a step."""
    with runtime().database.transaction() as session:
        owner = organization_id(session, organization)
        rows, total = learners.list_learners(session, owner, search, limit=limit, page=page)
    if as_json:
        click.echo(json.dumps({"total": total, "learners": [*map(asdict, rows)]}, indent=2))
        return
    for row in rows:
        active = f"  last active {utc_text(row.active_at)}" if row.active_at else ""
        click.echo(f"{row.id}  {row.email or '-'}  {row.walkthroughs} walkthrough(s){active}")
    if total > len(rows):
        click.echo(f"{len(rows)} of {total}. Narrow it with --search, or go on with --page.")


@learners_cli.command("show")
@click.argument("learner")
@_organization
@_json
def show(learner: str, organization: str, as_json: bool) -> None:
    """Print places, links and sign-ins of LEARNER, an e-mail address or an id."""
    with runtime().database.transaction() as session:
        row = learners.find_learner(session, organization_id(session, organization), learner)
        facts = learner_facts(session, row)
    click.echo(json.dumps(facts, indent=2) if as_json else facts_text(facts))


@learners_cli.command("export")
@click.argument("learner")
@_organization
def export(learner: str, organization: str) -> None:
    """Print everything that is stored about LEARNER as JSON, without secrets."""
    with runtime().database.transaction() as session:
        owner = organization_id(session, organization)
    with runtime().database.transaction() as session:
        for piece in learner_export.export(session, owner, learner):
            click.echo(piece, nl=False)


@learners_cli.command("erase")
@click.argument("learner")
@_organization
@_yes
def erase_command(learner: str, organization: str, yes: bool) -> None:
    """Delete LEARNER, an e-mail address or an id, with all that is theirs.

    Counts of starts and completions stay, as those of nobody. It cannot be undone.
    """
    with runtime().database.transaction() as session:
        owner = organization_id(session, organization)
        row = learners.find_learner(session, owner, learner)
        name = row.email or row.id
    if not yes:
        click.confirm(f"Erase {name} from {organization}? It cannot be undone", abort=True)
    left = _repeated(lambda session: erase(session, owner, row.id))
    click.echo(
        f"Erased {name} from {organization}: links, sign-ins, progress and attempts. "
        f"{left} attempt(s) stay in the totals, as nobody's."
    )


@learners_cli.command("merge")
@click.argument("gone", metavar="FROM")
@click.argument("kept", metavar="INTO")
@_organization
@_yes
def merge(gone: str, kept: str, organization: str, yes: bool) -> None:
    """Give all that the learner FROM has to the learner INTO; FROM is no more.

    Each is an e-mail address or an id. Completions of both count, and the further place of each
    walkthrough stays. Links and sign-ins of both go on. It cannot be undone.
    """
    with runtime().database.transaction() as session:
        owner = organization_id(session, organization)
        leaving, staying = (learners.find_learner(session, owner, each) for each in (gone, kept))
        name, new_name = leaving.email or leaving.id, staying.email or staying.id
    if not yes:
        click.confirm(f"Merge {name} into {new_name}? It cannot be undone", abort=True)
    merged = _repeated(lambda session: merge_learners(session, owner, leaving.id, staying.id))
    click.echo(f"{name} is {new_name} now. {_moved_text(merged)}")


def _repeated(work: Callable[[Session], R]) -> R:
    """Return what *work* returns in a transaction; once more if PostgreSQL broke a deadlock."""
    database = runtime().database

    def once() -> R:
        with unavailable_errors(), database.transaction() as session:
            return work(session)

    return database.attempt(once, repeatable=False)


def _moved_text(merged: Merged) -> str:
    moved = merged.moved
    return (
        f"Moved: {moved['personal_links']} link(s), {moved['oauth_grants']} sign-in(s), "
        f"{moved['walkthrough_attempts']} earlier attempt(s). "
        f"Walkthroughs that both had begun: {merged.in_both}."
    )
