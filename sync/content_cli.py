"""`flask content`: for authors and their CI."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import AppGroup

from sync.fix import fix
from sync.lint import lint

content_cli = AppGroup("content", help="Check walkthroughs before they are pushed.")


@content_cli.command("lint", with_appcontext=False)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--fix", "write_ids", is_flag=True, help="First write the ids that are missing.")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
def lint_command(folder: Path, write_ids: bool, as_json: bool) -> None:
    """Report every problem in FOLDER; exit with 1 if there is one. Needs no database."""
    for line in fix(folder) if write_ids else ():
        click.echo(f"wrote {line}", err=True)
    problems = lint(folder)
    if as_json:
        click.echo(json.dumps([asdict(problem) for problem in problems], indent=2))
    else:
        for problem in problems:
            click.echo(str(problem))
        click.echo(f"{len(problems)} problem(s) in {folder}", err=True)
    raise SystemExit(1 if problems else 0)
