"""`flask sync plan|apply|rollback|resume`: what reads a repository."""

from __future__ import annotations

import json
from typing import Any

import click
from flask.cli import with_appcontext

from sync.commands.operator import operator_name
from sync.named_sources import find_sources, resume_source
from sync.planning.report import plan_facts, plan_lines
from sync.runs import SyncRequest
from sync.sync_source import plan_source, sync_source
from walkthroughs.enums import RunOutcome
from walkthroughs.runtime import runtime


@click.command("plan")
@click.argument("source", required=False)
@click.option("--reread", is_flag=True, help="Read every folder again, known or not.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@with_appcontext
def plan_command(source: str | None, reread: bool, as_json: bool) -> None:
    """Say what the newest commit would change. Exit: 0 nothing, 2 changes, 1 error."""
    parts = runtime()
    rows = find_sources(parts.database, source)
    request = SyncRequest(read_all=reread)
    plans = [
        (row.name, plan_source(parts.database, parts.settings, row.id, request)) for row in rows
    ]
    _print([plan_facts(name, plan) for name, plan in plans], as_json=as_json)
    raise SystemExit(2 if any(plan.changes for _, plan in plans) else 0)


@click.command("apply")
@click.argument("source", required=False)
@click.option("--approve", "approved", metavar="FINGERPRINT", help="Approve a plan that waits.")
@click.option("--reread", is_flag=True, help="Read every folder again, known or not.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@with_appcontext
def apply_command(source: str | None, approved: str | None, reread: bool, as_json: bool) -> None:
    """Carry out the newest commit. Exit: 0 done, 2 waits for --approve, 1 a problem or an error."""
    request = SyncRequest(actor=operator_name(), approved_fingerprint=approved, read_all=reread)
    _sync_all(source, request, as_json=as_json)


@click.command("rollback")
@click.argument("source")
@click.argument("commit")
@click.option("--approve", "approved", metavar="FINGERPRINT", help="Approve a plan that waits.")
@with_appcontext
def rollback_command(source: str, commit: str, approved: str | None) -> None:
    """Go back to an older COMMIT. The source is held there until `sync resume`."""
    request = SyncRequest(actor=operator_name(), approved_fingerprint=approved, rollback_to=commit)
    _sync_all(source, request, as_json=False)


@click.command("resume")
@click.argument("source")
@with_appcontext
def resume_command(source: str) -> None:
    """Apply new commits again, beginning with the newest one."""
    resume_source(runtime().database, source)
    _sync_all(source, SyncRequest(actor=operator_name()), as_json=False)


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
