"""What content repositories run before they merge is the parser of the server."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from tests.builders import problems_in

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "content_repo_example"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]


def command():
    module, _, name = SCRIPTS["handrail-lint"].partition(":")
    return getattr(import_module(module), name)


def test_the_command_accepts_the_example_and_refuses_a_mistake(tmp_path):
    good = CliRunner().invoke(command(), [str(EXAMPLE)])
    manifest = tmp_path / "walkthroughs" / "x" / "walkthrough.yml"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("titel: X\n")
    bad = CliRunner().invoke(command(), [str(tmp_path)])

    assert good.exit_code == 0, good.output
    assert bad.exit_code == 1
    assert all(str(problem) in bad.output for problem in problems_in(tmp_path))


def test_the_hook_calls_that_command_and_so_does_the_example():
    (offered,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (source,) = yaml.safe_load((EXAMPLE / ".pre-commit-config.yaml").read_text())["repos"]
    (used,) = source["hooks"]

    assert offered["entry"] in SCRIPTS
    assert used["entry"].split() == [offered["entry"], *offered["args"]]
    for same in ("id", "name", "files", "pass_filenames"):
        assert used[same] == offered[same]


def test_the_command_needs_no_more_than_a_package_of_some_seconds():
    """What the check imports is in requirements-lint.in, and of the server there is nothing."""
    code = (
        "import sys, sync.commands.lint, sync.merge_check.client, sync.planning.report\n"
        "print(*{name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    named = re.findall(r"(?m)^([\w-]+)", (ROOT / "requirements-lint.in").read_text())
    modules = {"pyyaml": "yaml", "markdown-it-py": "markdown_it"}
    brought = {
        "mdurl",
        "httpcore2",
        "h11",
        "certifi",
        "idna",
        "anyio",
        "truststore",
        "typing_extensions",
        "sniffio",
    }

    ours = {"__main__", "_distutils_hack", "sync", "walkthroughs"}
    theirs = {
        name for name in ran.stdout.split() if not name.startswith(("_cython", "cython", "_"))
    }
    assert theirs - ours - brought == {modules.get(name, name) for name in named}


@pytest.fixture
def action(tmp_path):
    """Run the action's own last step as a runner does; it is given what it declares."""
    program = tmp_path / "bin" / "handrail-lint"
    program.parent.mkdir()
    module, _, name = SCRIPTS[program.name].partition(":")
    program.write_text(f"#!{sys.executable}\nfrom {module} import {name}\n{name}()\n")
    program.chmod(0o755)
    step = ACTION["runs"]["steps"][-1]
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]

    def run(**given):
        inputs = {name: each["default"] for name, each in ACTION["inputs"].items()} | given
        filled = {
            name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: inputs[found[1]], value)
            for name, value in step["env"].items()
        }
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        known = {"PATH": path, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"} | filled
        return subprocess.run(
            shell, env=known, cwd=EXAMPLE, capture_output=True, text=True, check=False
        )

    return run


def test_the_action_checks_a_folder_whatever_it_is_called(action, tmp_path):
    folder = tmp_path / "my $(exit 3) 'docs'"
    (folder / "walkthroughs" / "x").mkdir(parents=True)
    (folder / "walkthroughs" / "x" / "walkthrough.yml").write_text("titel: X\n")
    good, bad = action(), action(folder=str(folder))

    assert (good.returncode, good.stdout) == (0, "")
    assert bad.returncode == 1
    assert "walkthroughs/x/walkthrough.yml:1:" in bad.stdout


def test_the_action_asks_a_server_if_it_has_a_token_and_tells_if_not(action):
    nowhere = "http://handrail.example/check/src_1"  # not https, so nobody is asked
    asked, untold = action(against=nowhere, token="t"), action(against=nowhere)

    assert asked.returncode == 1
    assert "is not an https:// address" in asked.stderr
    assert untold.returncode == 0
    assert "There is no token here" in untold.stdout


def test_the_examples_workflow_gives_the_action_what_it_takes(action):
    workflow = yaml.safe_load((EXAMPLE / ".github/workflows/walkthroughs.yml").read_text())
    *_, fetched, used = workflow["jobs"]["check"]["steps"]

    assert used["uses"] == f"./{fetched['with']['path']}"
    assert used["with"].keys() <= ACTION["inputs"].keys()
    assert used["with"]["token"] == "${{ secrets.HANDRAIL_CHECK_TOKEN }}"
    assert "vars.HANDRAIL_REPOSITORY" in fetched["with"]["repository"]
    assert workflow[True].keys() == {"pull_request", "push"}  # YAML's word for true is "on"
