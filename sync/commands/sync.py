"""`flask sync`: what operators do with content sources."""

from __future__ import annotations

import getpass
import json
from typing import Any

import click

from sync import status_report
from sync.commands.group import CommandGroup
from sync.commands.source import source_cli
from sync.planning.report import plan_facts, plan_lines
from sync.runs import SyncRequest
from sync.sources import find_source, find_sources
from sync.status import read_status
from sync.sync_source import plan_source, sync_source
from walkthroughs.enums import RunOutcome
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource
from walkthroughs.runtime import runtime

sync_cli = CommandGroup("sync", help="Content sources: Git repositories of walkthroughs.")
sync_cli.add_command(source_cli)


@sync_cli.command("plan")
@click.argument("source", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def plan_command(source: str | None, as_json: bool) -> None:
    """Say what the newest commit would change. Exit: 0 nothing, 2 changes, 1 error."""
    parts = runtime()
    rows = find_sources(parts.database, source)
    plans = [(row.name, plan_source(parts.database, parts.settings, row.id)) for row in rows]
    _print([plan_facts(name, plan) for name, plan in plans], as_json=as_json)
    raise SystemExit(2 if any(plan.changes for _, plan in plans) else 0)


@sync_cli.command("apply")
@click.argument("source", required=False)
@click.option("--approve", "approved", metavar="FINGERPRINT", help="Approve a plan that waits.")
@click.option("--reread", is_flag=True, help="Read every folder again, known or not.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def apply_command(source: str | None, approved: str | None, reread: bool, as_json: bool) -> None:
    """Carry out the newest commit. Exit: 0 done, 2 waits for --approve, 1 a problem or an error."""
    request = SyncRequest(actor=_operator(), approved_fingerprint=approved, read_all=reread)
    _sync_all(source, request, as_json=as_json)


@sync_cli.command("rollback")
@click.argument("source")
@click.argument("commit")
@click.option("--approve", "approved", metavar="FINGERPRINT", help="Approve a plan that waits.")
def rollback_command(source: str, commit: str, approved: str | None) -> None:
    """Go back to an older COMMIT, and hold the source there until `sync resume`."""
    request = SyncRequest(actor=_operator(), approved_fingerprint=approved, rollback_to=commit)
    _sync_all(source, request, as_json=False)


@sync_cli.command("hold")
@click.argument("source")
def hold_command(source: str) -> None:
    """Apply nothing to this source until `sync resume`; new commits are still looked at."""
    _set_hold(source, now_ms())
    click.echo(f'"{source}" is held. Go on with: flask sync resume {source}')


@sync_cli.command("resume")
@click.argument("source")
def resume_command(source: str) -> None:
    """Apply new commits again, beginning with the newest one."""
    _set_hold(source, None)
    _sync_all(source, SyncRequest(actor=_operator()), as_json=False)


@sync_cli.command("status")
@click.argument("source", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def status_command(source: str | None, as_json: bool) -> None:
    """Print where each source is, its problems, and its last runs."""
    database = runtime().database
    states = [read_status(database, row) for row in find_sources(database, source)]
    if as_json:
        click.echo(json.dumps([status_report.as_json(state) for state in states], indent=2))
    else:
        for state in states:
            click.echo(status_report.as_text(state))


def _sync_all(source: str | None, request: SyncRequest, *, as_json: bool) -> None:
    """Run the sources, print what became of each, and exit accordingly."""
    parts = runtime()
    results = [
        (row.name, sync_source(parts.database, parts.settings, row.id, request))
        for row in find_sources(parts.database, source)
    ]
    facts = [
        plan_facts(name, each.plan, outcome=each.outcome, rollback_to=each.rollback_to)
        for name, each in results
    ]
    _print(facts, as_json=as_json)
    if any(each.outcome is RunOutcome.WAITING for _, each in results):
        raise SystemExit(2)
    raise SystemExit(1 if any(each.plan.problems for _, each in results) else 0)


def _print(plans: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(plans, indent=2))
        return
    for facts in plans:
        for line in plan_lines(facts):
            click.echo(line)


def _set_hold(name: str, held_at: int | None) -> None:
    database = runtime().database
    row = find_source(database, name)
    with database.transaction() as session:
        session.get_one(ContentSource, row.id, with_for_update=True).held_at = held_at


def _operator() -> str:
    return f"{getpass.getuser()} (command line)"
