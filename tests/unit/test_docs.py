"""The manual names what there is, and every promise in it has a test."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from app import create_app
from walkthroughs.command_group import LazyCommand
from walkthroughs.content import html_rules
from walkthroughs.content.directives import NOTES
from walkthroughs.mcp_server import tools
from walkthroughs.metrics import Metrics
from walkthroughs.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
#: Commands that come with Flask and its extensions, and are theirs to document.
NOT_OURS = {"db", "roles", "routes", "run", "shell", "users"}


def read(name):
    return (ROOT / "docs" / name).read_text()


def commands(group, path="flask"):
    for name, command in list(group.commands.items()):
        loaded = command.load() if isinstance(command, LazyCommand) else command
        inner = getattr(loaded, "commands", None)
        yield from commands(loaded, f"{path} {name}") if inner else [f"{path} {name}"]


def test_each_promised_behaviour_has_a_test_that_names_it():
    promised = re.findall(r"\*\*(B\d+)\*\*", read("tools.md"))
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    held = set(re.findall(r'@pytest\.mark\.behaviour\("(B\d+)"\)', tests))

    assert len(promised) == len(set(promised))
    assert set(promised) == held


def test_each_tool_is_documented():
    assert [
        tool.name for tool in tools.tool_definitions() if f"`{tool.name}`" not in read("tools.md")
    ] == []


def test_each_setting_is_documented():
    source = (ROOT / "walkthroughs" / "settings.py").read_text()
    names = set(re.findall(r'"((?:HANDRAIL|DATABASE)_[A-Z_]+)"', source))

    assert names >= {"DATABASE_URL", "HANDRAIL_BASE_URL"}
    assert [name for name in sorted(names) if f"`{name}`" not in read("operations.md")] == []


def test_each_command_is_documented(tmp_path):
    settings = Settings(tmp_path, "postgresql://nowhere", "secret", "http://localhost:8000")
    ours = [
        command
        for command in commands(create_app(settings).cli)
        if command.split()[1] not in NOT_OURS
    ]

    assert "flask sync apply" in ours
    assert [command for command in ours if f"`{command}" not in read("operations.md")] == []


def nasty_cases():
    """Yield the cells of each row of a nasty case."""
    for line in read("nasty-cases.md").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] != "what happens":
            yield cells


def test_each_nasty_case_is_held_by_a_test_or_said_to_be_not_built():
    rows = list(nasty_cases())

    assert len(rows) > 50
    assert [cells for cells in rows if len(cells) != 3 or not all(cells)] == []
    assert [
        what
        for what, _, held in rows
        if not re.search(r"`tests/\S+`", held) and held != "not built"
    ] == []
    assert [what for what, does, held in rows if held == "not built" and held not in does] == []


def test_each_test_that_the_nasty_cases_name_is_there():
    named = [name for *_, held in nasty_cases() for name in re.findall(r"`([^`]+)`", held)]
    there = {
        f"{path}::{each.name}"
        for path in {name.partition("::")[0] for name in named}
        for each in ast.parse((ROOT / path).read_text()).body
        if isinstance(each, ast.FunctionDef)
    }

    assert [name for name in named if name not in there] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path):
    shown = re.sub(r"`[^`\n]*`", "", path.read_text())  # code is no link
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", shown)

    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_file_that_the_docs_name_by_its_path_is_there():
    named = {
        (page.name, path)
        for page in DOCS
        for path in re.findall(
            r"`((?:walkthroughs|sync|admin|tests|bench|migrations)/[\w/.-]+\.\w+)", page.read_text()
        )
    }

    assert len(named) > 50
    assert sorted(each for each in named if not (ROOT / each[1]).exists()) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("elements", html_rules.ELEMENTS),
        ("attributes", html_rules.ATTRIBUTES),
        ("refused", html_rules.REFUSED),
        ("hiding", html_rules.HIDING_ATTRIBUTES),
    ],
)
def test_what_html_is_allowed_is_documented(name, words):
    manual = (ROOT / "docs" / "content-format.md").read_text()
    _, told = manual.split(f"<!-- html: {name} -->\n")
    listed = set(re.findall(r"`([a-z0-9-]+)`", told.split("\n\n")[0].split(":\n")[-1]))

    assert listed - {"on"} == words


def test_each_kind_of_note_is_documented():
    manual = (ROOT / "docs" / "content-format.md").read_text()
    told = manual.split("Kinds of notes:\n")[1].split("\n\n")[0]

    assert set(re.findall(r"`([a-z]+)`", told)) == NOTES.keys()


def test_each_metric_is_documented_and_rules_ask_for_no_other():
    text = Metrics().text().decode()
    names = set(re.findall(r"^# HELP (\w+) ", text, re.MULTILINE))
    names = {name for name in names if not name.endswith("_created")}
    manual = read("operations.md")
    (rules,) = (
        block for block in re.findall(r"```yaml\n(.*?)```", manual, re.DOTALL) if "alert" in block
    )
    asked = {
        re.sub("_bucket$", "", name)
        for group in yaml.safe_load(rules)["groups"]
        for rule in group["rules"]
        for name in re.findall(r"handrail_\w+", rule["expr"])
    }

    assert [name for name in sorted(names) if f"`{name}" not in manual] == []
    assert asked <= names


def test_the_files_settings_and_commands_that_the_manual_of_scale_names_are_there():
    manual = read("scale.md")
    files = set(re.findall(r"`((?:walkthroughs|tests)/[\w/]+\.py)`", manual))
    files |= {f"bench/{name}.py" for name in re.findall(r"python -m bench\.(\w+)", manual)}

    assert files >= {"bench/capacity.py", "walkthroughs/learning/content_cache.py"}
    assert [name for name in sorted(files) if not (ROOT / name).is_file()] == []
    settings = set(re.findall(r"`(HANDRAIL_\w+)`", manual))
    assert [name for name in sorted(settings) if f"`{name}`" not in read("operations.md")] == []
