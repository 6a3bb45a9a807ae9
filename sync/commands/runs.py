"""`flask sync plan|apply|rollback|resume`: what reads a repository."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

import click
from flask.cli import with_appcontext

from sync.commands.operator import operator_name
from sync.named_sources import NamedSource, find_sources, resume_source
from sync.planning.report import plan_facts, plan_lines
from sync.runs import SyncRequest
from sync.sync_source import plan_source, sync_source
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.enums import RunOutcome
from walkthroughs.errors import HandrailError
from walkthroughs.runtime import runtime


@click.command("plan")
@click.argument("source", required=False)
@click.option("--reread", is_flag=True, help="Read every folder again, known or not.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@with_appcontext
def plan_command(source: str | None, reread: bool, as_json: bool) -> None:
    """Say what the newest commit would change. Exit: 0 nothing, 2 changes, 1 error."""
    parts = runtime()
    request = SyncRequest(read_all=reread)

    def plan(named: NamedSource) -> tuple[dict[str, Any], int]:
        plan = plan_source(parts.database, parts.settings, named.row.id, request)
        return plan_facts(named.name, plan), 2 if plan.changes else 0

    _run_each(source, plan, as_json=as_json)


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

    def run(named: NamedSource) -> tuple[dict[str, Any], int]:
        done = sync_source(parts.database, parts.settings, named.row.id, request)
        facts = plan_facts(
            named.name, done.plan, outcome=done.outcome, rollback_to=done.rollback_to
        )
        return facts, 2 if done.outcome is RunOutcome.WAITING else int(bool(done.plan.problems))

    _run_each(source, run, as_json=as_json)


def _run_each(
    source: str | None, work: Callable[[NamedSource], tuple[dict[str, Any], int]], *, as_json: bool
) -> NoReturn:
    """Do *work* for each source, print what it returns, and end with the highest of its codes.

    Where none was named, one that cannot be read keeps nobody from the others; it ends with 1 then.
    """
    told, code, has_failed = [], 0, False
    for named in find_sources(runtime().database, source):
        try:
            facts, its_code = work(named)
            code = max(code, its_code)
        except HandrailError as error:
            if source or isinstance(error, DatabaseUnavailable):
                raise
            facts, has_failed = {"source": named.name, "error": str(error)}, True
        told.append(facts)
        if not as_json:
            _print(facts)
    if as_json:
        click.echo(json.dumps(told, indent=2))
    raise SystemExit(1 if has_failed else code)


def _print(facts: dict[str, Any]) -> None:
    if "error" in facts:
        click.echo(f"Error: {facts['source']}: {facts['error']}", err=True)
        return
    for line in plan_lines(facts):
        click.echo(line)
