import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from app import create_app
from sync.format.fix import fix_folder
from sync.format.folder import read_folder, size_warnings
from sync.format.manifest import KEYS
from sync.schema_page import SCHEMAS
from walkthroughs.settings import read_settings

EXAMPLE = Path(__file__).parents[2] / "content_repo_example"
SCHEMA = json.loads((SCHEMAS / "walkthrough-1.json").read_text())


@pytest.fixture
def draft(tmp_path):
    """A walkthrough whose author forgot every id, with Windows line endings in the step."""
    base = tmp_path / "walkthroughs" / "make-tea"
    (base / "steps").mkdir(parents=True)
    (base / "walkthrough.yml").write_text("# mine\ntitle: Make tea\nsteps: [steps/1.md]\n")
    (base / "steps/1.md").write_bytes("---\r\ntitle: Boil the wåter!\r\n---\r\nDo.\r\n".encode())
    return tmp_path


def test_a_file_that_cannot_be_read_is_left_alone_and_told(draft, tmp_path):
    steps = draft / "walkthroughs/make-tea/steps"
    (steps / "2.md").write_bytes(b"---\ntitle: \xff\xfe\n---\nDo.\n")
    (steps / "3.md").mkdir()
    manifest = steps.with_name("walkthrough.yml")
    manifest.write_text(manifest.read_text().replace("[steps/1.md]", "[steps/1.md, steps/2.md]"))
    app = create_app(read_settings({"HANDRAIL_DATA_DIR": str(tmp_path / "var")}))
    told = app.test_cli_runner().invoke(args=["content", "lint", "--fix", str(draft)])

    assert told.exit_code == 1
    assert "steps/2.md" in told.output
    assert "UTF-8" in told.output
    assert "id: boil-the-water" in told.output
    assert (steps / "2.md").read_bytes() == b"---\ntitle: \xff\xfe\n---\nDo.\n"


def test_the_command_prints_each_problem_and_exits_with_one(draft, tmp_path):
    app = create_app(read_settings({"HANDRAIL_DATA_DIR": str(tmp_path / "var")}))
    runner = app.test_cli_runner()
    bad = runner.invoke(args=["content", "lint", str(draft)])
    fixed = runner.invoke(args=["content", "lint", "--fix", str(draft)])

    assert bad.exit_code == 1
    assert 'walkthroughs/make-tea/steps/1.md:2: "id" is missing' in bad.output
    assert fixed.exit_code == 0
    assert not (tmp_path / "var").exists()


def test_only_content_is_read_whatever_lies_beside_it(draft):
    content = set(read_folder(draft))
    (draft / "walkthroughs.yml").write_text("schema: 1\n")
    for stray in ("node_modules/a.md", ".handrail/walkthroughs/x/walkthrough.yml", "README.md"):
        (draft / stray).parent.mkdir(parents=True, exist_ok=True)
        (draft / stray).write_text("not: ours\n")

    assert set(read_folder(draft)) == content | {"walkthroughs.yml"}


def test_what_the_reader_of_git_leaves_out_is_left_out_here(draft):
    content, base = read_folder(draft), draft / "walkthroughs" / "make-tea"
    (base / "link.md").symlink_to(base / "steps" / "1.md")
    (base / "elsewhere").symlink_to(base / "steps")
    for name in ("-rf.md", "a\\b.md", "a\u202eb.md", "a\nb.md", "\udcff.md"):
        (base / "steps" / name).write_text("nobody sees it\n")
    (draft / "walkthroughs" / "other" / ".git").mkdir(parents=True)
    (draft / "walkthroughs" / "other" / "walkthrough.yml").write_text("title: A submodule\n")

    assert read_folder(draft) == content


def test_a_folder_of_links_to_content_has_no_content(draft, tmp_path):
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "walkthroughs").symlink_to(draft / "walkthroughs")
    (linked / "walkthroughs.yml").symlink_to(draft / "walkthroughs/make-tea/walkthrough.yml")

    assert read_folder(linked) == {}


def test_schema_and_parser_know_the_same_keys():
    assert set(SCHEMA["properties"]) == set(KEYS)


@pytest.mark.parametrize("manifest", sorted(EXAMPLE.glob("walkthroughs/*/walkthrough.yml")))
def test_the_examples_fit_the_schema(manifest):
    jsonschema.validate(yaml.safe_load(manifest.read_text()), SCHEMA)


@pytest.mark.parametrize(
    ("origin", "fits"),
    [("login", True), ("other/login", True), ("a/b/c", False), ("/login", False), ("Ab/cd", False)],
)
def test_the_schema_takes_the_origins_of_a_step_that_the_parser_takes(origin, fits):
    record = {"type": "array", **SCHEMA["properties"]["moved"], "$defs": SCHEMA["$defs"]}

    assert (
        jsonschema.Draft202012Validator(record).is_valid([{"from": origin, "to": "sign-in"}])
        == fits
    )


def test_a_step_that_assistants_cut_is_a_warning_and_no_problem(draft, tmp_path):
    fix_folder(draft)
    step = draft / "walkthroughs/make-tea/steps/1.md"
    (draft / "walkthroughs/make-tea/README.md").write_text("long " * 5000)  # no step
    assert size_warnings(read_folder(draft)) == ()
    step.write_text(step.read_text() + "Stir.\n" * 1500)
    app = create_app(read_settings({"HANDRAIL_DATA_DIR": str(tmp_path / "var")}))
    shown = app.test_cli_runner().invoke(args=["content", "lint", str(draft)])
    as_json = app.test_cli_runner().invoke(args=["content", "lint", "--json", str(draft)])

    (warning,) = size_warnings(read_folder(draft))
    assert warning.path == "walkthroughs/make-tea/steps/1.md"
    for words in ("8.8 KiB", "Codex", "12 KiB", "Gemini CLI", "40 KiB", "opencode", "52 KiB"):
        assert words in warning.message
    assert shown.exit_code == as_json.exit_code == 0
    assert str(warning) in shown.output
    assert [each["severity"] for each in json.loads(as_json.stdout)] == ["warning"]
