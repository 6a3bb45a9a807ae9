"""`content lint`: for authors and their CI. Needs neither a database nor Flask."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from sync.format.fix import fix_folder
from sync.format.folder import read_folder, read_surroundings, size_warnings
from sync.format.parse import parse_repository
from sync.format.parse_result import in_file_order
from sync.layout import FileData
from sync.merge_check.upload import TOKEN
from walkthroughs.content.problems import Problem, Severity


@dataclass(frozen=True, slots=True)
class _Found:
    """What a check of a folder found."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    def refuses(self, *, strict: bool) -> bool:
        """Return whether the command fails."""
        warned = any(each.severity is Severity.WARNING for each in self.warnings)
        return bool(self.problems) or (strict and warned)


@click.command("lint")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--fix", "fixes", is_flag=True, help="First write what can be written without you.")
@click.option("--strict", is_flag=True, help="Let warnings fail, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
@click.option(
    "--against",
    metavar="ADDRESS",
    help=f"Ask a server what merging FOLDER would change, with the token in {TOKEN}.",
)
def lint_command(
    folder: Path, fixes: bool, strict: bool, as_json: bool, against: str | None
) -> None:
    """Report every problem in FOLDER; exit with 1 if there is one. Needs no database.

    A warning is no problem, and a note, of what is left out, is no warning.

    With --fix, write missing ids and front matter, put placeholders in backticks and spell parts
    as they are spelt here; print what was changed.

    With --against, print the plan, too, as `flask sync plan` does. Changes are no problem.
    """
    for line in fix_folder(folder) if fixes else ():
        click.echo(line, err=True)
    files = read_folder(folder)
    parsed = parse_repository(files, around=read_surroundings(folder))
    warnings = in_file_order([*parsed.warnings, *size_warnings(files)])
    found = _Found(parsed.problems, warnings)
    if not as_json:
        _print(folder, found)
    plan, failed = _asked(against, files) if against is not None else (None, None)
    if as_json:
        _print_json(found, plan, against)
    elif plan is not None:
        _print_plan(plan, found)
    if failed is not None:
        raise click.ClickException(str(failed)) from failed
    refused = found.refuses(strict=strict) or bool(plan and plan["problems"])
    raise SystemExit(1 if refused else 0)


def _asked(
    against: str, files: Mapping[str, FileData]
) -> tuple[dict[str, Any] | None, Exception | None]:
    """Return the server's plan, or why there is none."""
    from sync.merge_check.client import CheckFailed, request_plan

    try:
        return request_plan(against, os.environ.get(TOKEN, "").strip(), files), None
    except CheckFailed as error:
        return None, error


def _print(folder: Path, found: _Found) -> None:
    for problem in (*found.problems, *found.warnings):
        click.echo(str(problem))
    counts = dict.fromkeys(Severity, 0)
    for each in found.warnings:
        counts[each.severity] += 1
    others = [f"{count} {kind}(s)" for kind, count in counts.items() if count]
    click.echo(
        ", ".join([f"{len(found.problems)} problem(s)", *others]) + f" in {folder}", err=True
    )


def _print_json(found: _Found, plan: dict[str, Any] | None, against: str | None) -> None:
    problems = [asdict(each) for each in (*found.problems, *found.warnings)]
    answer = problems if against is None else {"problems": problems, "plan": plan}
    click.echo(json.dumps(answer, indent=2))


def _print_plan(plan: Mapping[str, Any], found: _Found) -> None:
    """Print the plan without the problems that were printed already."""
    from sync.planning.report import plan_lines

    printed = {str(problem) for problem in found.problems}
    left = [each for each in plan["problems"] if each not in printed]
    for line in plan_lines(dict(plan) | {"problems": left}):
        click.echo(line)
