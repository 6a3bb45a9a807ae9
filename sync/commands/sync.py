"""`flask sync`: what operators do with content sources."""

from __future__ import annotations

import json
import pkgutil
from functools import partial

import click

from sync import status_report
from sync.commands.operator import operator_name
from sync.named_sources import find_sources, hold_source
from sync.status import BAD_HEALTH, read_status
from walkthroughs.command_group import CommandGroup, LazyCommand
from walkthroughs.runtime import runtime

sync_cli = CommandGroup("sync", help="Content sources: Git repositories of walkthroughs.")
for _name, _command, _help in (
    ("apply", "runs:apply_command", "Carry out the newest commit."),
    ("plan", "runs:plan_command", "Say what the newest commit would change."),
    ("proposals", "proposals:proposals_command", "List the proposals."),
    ("propose", "proposals:propose_command", "Push a change of WALKTHROUGH to a branch."),
    ("resume", "runs:resume_command", "Apply new commits again, beginning with the newest one."),
    ("rollback", "runs:rollback_command", "Go back to an older COMMIT."),
    ("source", "source:source_cli", "Add, change, list and remove content sources."),
):  # fmt: skip
    sync_cli.add_command(
        LazyCommand(_name, partial(pkgutil.resolve_name, f"sync.commands.{_command}"), _help)
    )


@sync_cli.command("hold")
@click.argument("source")
@click.option("--reason", default="", help="Why, for those who see that it is held.")
def hold_command(source: str, reason: str) -> None:
    """Apply nothing to this source until `sync resume`; new commits are still looked at."""
    hold_source(runtime().database, source, operator_name(), reason)
    click.echo(f'"{source}" is held. Go on with: flask sync resume {source}')


@sync_cli.command("status")
@click.argument("source", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def status_command(source: str | None, as_json: bool) -> None:
    """Print where each source is, its problems, and its last runs.

    Exit: 0 if each is well or waits for a person, 1 if one is degraded or unreachable.
    """
    parts = runtime()
    keys = parts.settings.secret_keys
    found = find_sources(parts.database, source)
    states = [(each, read_status(parts.database, each.row, keys)) for each in found]
    if as_json:
        facts = [
            status_report.as_json(state, each.organization, each.name) for each, state in states
        ]
        click.echo(json.dumps(facts, indent=2))
    else:
        for each, state in states:
            click.echo(status_report.as_text(state, each.name))
    raise SystemExit(1 if any(state.health in BAD_HEALTH for _, state in states) else 0)
