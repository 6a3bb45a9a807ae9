"""`flask doctor`: is everything that Handrail depends on as it must be."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from flask.cli import with_appcontext

from sync.doctor import State, examine
from walkthroughs.command_group import Command
from walkthroughs.runtime import runtime


@click.command("doctor", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Look at database, disk, keys, sources and address. Exit: 0 if nothing is bad, else 1."""
    parts = runtime()
    findings = []
    for finding in examine(parts.database, parts.settings):
        findings.append(finding)
        if not as_json:
            click.echo(f"{finding.state:<5}{finding.about:<13}{finding.said}")
    if as_json:
        click.echo(json.dumps([asdict(each) for each in findings], indent=2))
    raise SystemExit(1 if any(each.state is State.BAD for each in findings) else 0)
