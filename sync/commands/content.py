"""`flask content`: for authors and their CI."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from sync.format.add_ids import add_ids
from sync.format.folder import read_folder, warnings
from sync.format.parse import parse_repository
from sync.layout import FileData
from sync.merge_check.client import TOKEN, CheckFailed, request_plan
from sync.planning.report import plan_lines
from walkthroughs.content.problems import Problem

content_cli = AppGroup("content", help="Check walkthroughs before they are pushed.")


@content_cli.command("lint", with_appcontext=False)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--fix", "write_ids", is_flag=True, help="First write the ids that are missing.")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
@click.option(
    "--against",
    metavar="ADDRESS",
    help=f"Ask a server what merging FOLDER would change, with the token in {TOKEN}.",
)
def lint_command(folder: Path, write_ids: bool, as_json: bool, against: str | None) -> None:
    """Report every problem in FOLDER; exit with 1 if there is one. Needs no database.

    A step that is so long that assistants cut it is a warning, and no problem.

    With --against, print the plan, too, as `flask sync plan` does. Changes are no problem.
    """
    for line in add_ids(folder) if write_ids else ():
        click.echo(f"wrote {line}", err=True)
    files = read_folder(folder)
    problems = parse_repository(files).problems
    for warning in warnings(files):
        click.echo(str(warning), err=as_json)
    if against is not None:
        _finish(folder, against, files, problems, as_json=as_json)
    if as_json:
        click.echo(json.dumps([asdict(problem) for problem in problems], indent=2))
    else:
        _print(folder, problems)
    raise SystemExit(1 if problems else 0)


def _finish(
    folder: Path,
    against: str,
    files: Mapping[str, FileData],
    problems: tuple[Problem, ...],
    *,
    as_json: bool,
) -> None:
    """Ask the server, print what it says beside the problems, and exit."""
    if not as_json:
        _print(folder, problems)
    plan, failed = None, None
    try:
        plan = request_plan(against, os.environ.get(TOKEN, "").strip(), files)
    except CheckFailed as error:
        failed = error
    if as_json:
        found = {"problems": [asdict(problem) for problem in problems], "plan": plan}
        click.echo(json.dumps(found, indent=2))
    elif plan is not None:
        for line in plan_lines(_without_printed(plan, problems)):
            click.echo(line)
    if failed is not None:
        raise click.ClickException(str(failed)) from failed
    raise SystemExit(1 if problems or (plan and plan["problems"]) else 0)


def _print(folder: Path, problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        click.echo(str(problem))
    click.echo(f"{len(problems)} problem(s) in {folder}", err=True)


def _without_printed(plan: Mapping[str, Any], problems: tuple[Problem, ...]) -> dict[str, Any]:
    """Return *plan* without the problems that were printed already."""
    printed = {str(problem) for problem in problems}
    return dict(plan) | {"problems": [each for each in plan["problems"] if each not in printed]}
