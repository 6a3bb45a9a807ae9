"""`flask sync`: what operators do with content sources."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable

import click

from sync import status_report
from sync.commands.group import CommandGroup
from sync.commands.source import source_cli
from sync.planning.report import plan_facts, plan_lines
from sync.runs import RunResult, SyncRequest
from sync.sources import find_source, find_sources
from sync.status import read_status
from sync.sync_source import plan_source, sync_source
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
    runs = _for_each(source, lambda row: plan_source(parts.database, parts.settings, row.id))
    _print(runs, as_json=as_json)
    raise SystemExit(2 if any(run.changes for _, run in runs) else 0)


@sync_cli.command("apply")
@click.argument("source", required=False)
@click.option("--confirm", "confirmed", metavar="FINGERPRINT", help="Agree to a plan that waits.")
@click.option("--reread", is_flag=True, help="Read every folder again, known or not.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def apply_command(source: str | None, confirmed: str | None, reread: bool, as_json: bool) -> None:
    """Carry out the newest commit. Exit: 0 done, 2 waits for --confirm, 1 a problem or an error."""
    order = SyncRequest(actor=_operator(), confirmed=confirmed, reread=reread)
    _finish(_sync_all(source, order), as_json=as_json)


@sync_cli.command("rollback")
@click.argument("source")
@click.argument("commit")
@click.option("--confirm", "confirmed", metavar="FINGERPRINT", help="Agree to a plan that waits.")
def rollback_command(source: str, commit: str, confirmed: str | None) -> None:
    """Go back to an older COMMIT, and hold the source there until `sync resume`."""
    order = SyncRequest(actor=_operator(), to=commit, confirmed=confirmed)
    _finish(_sync_all(source, order), as_json=False)


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
    _finish(_sync_all(source, SyncRequest(actor=_operator())), as_json=False)


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


def _sync_all(source: str | None, order: SyncRequest) -> list[tuple[ContentSource, RunResult]]:
    parts = runtime()
    return _for_each(source, lambda row: sync_source(parts.database, parts.settings, row.id, order))


def _for_each(
    name: str | None, work: Callable[[ContentSource], RunResult]
) -> list[tuple[ContentSource, RunResult]]:
    return [(row, work(row)) for row in find_sources(runtime().database, name)]


def _finish(runs: list[tuple[ContentSource, RunResult]], *, as_json: bool) -> None:
    _print(runs, as_json=as_json)
    if any(run.outcome == "waiting" for _, run in runs):
        raise SystemExit(2)
    raise SystemExit(1 if any(run.problems for _, run in runs) else 0)


def _print(runs: list[tuple[ContentSource, RunResult]], *, as_json: bool) -> None:
    told = [_facts(row, run) for row, run in runs]
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    for facts in told:
        for line in plan_lines(facts):
            click.echo(line)


def _facts(row: ContentSource, run: RunResult) -> dict[str, object]:
    return plan_facts(
        row.name,
        run.changes,
        run.effects,
        run.problems,
        run.reasons,
        commit=run.commit,
        fingerprint=run.fingerprint,
        outcome=run.outcome,
        to=run.to,
    )


def _set_hold(name: str, held_at: int | None) -> None:
    database = runtime().database
    row = find_source(database, name)
    with database.transaction() as session:
        session.get_one(ContentSource, row.id, with_for_update=True).held_at = held_at


def _operator() -> str:
    return f"{getpass.getuser()} (command line)"
