"""What content repositories run before they merge is the parser of the server."""

import tomllib
from importlib import import_module
from pathlib import Path

import yaml
from click.testing import CliRunner

from sync.lint import lint

ROOT = Path(__file__).parents[2]
SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]


def command():
    module, _, name = SCRIPTS["handrail-lint"].partition(":")
    return getattr(import_module(module), name)


def test_the_command_accepts_the_example_and_refuses_a_mistake(tmp_path):
    good = CliRunner().invoke(command(), [str(ROOT / "content_repo_example")])
    manifest = tmp_path / "walkthroughs" / "x" / "walkthrough.yml"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("titel: X\n")
    bad = CliRunner().invoke(command(), [str(tmp_path)])

    assert good.exit_code == 0, good.output
    assert bad.exit_code == 1
    assert all(str(problem) in bad.output for problem in lint(tmp_path))


def test_the_hook_and_the_action_call_that_command():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    action = yaml.safe_load((ROOT / "action.yml").read_text())

    assert hook["entry"] in SCRIPTS
    ran = [step["run"].split()[0] for step in action["runs"]["steps"] if "run" in step]
    assert ran[-1] in SCRIPTS
