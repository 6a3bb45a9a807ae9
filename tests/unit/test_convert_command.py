"""`content convert`: a tutorial's files in, files that `content lint` accepts out."""

import subprocess
import sys

import pytest

from app import create_app
from tests.pictures import picture_file
from walkthroughs.settings import read_settings

TUTORIAL = """# Make tea

Before you start.

## Boil

![a kettle](kettle.png)

:::note
Hot!
:::

## Pour

<font color="red">Slowly.</font>
"""


@pytest.fixture
def run(tmp_path):
    """Return what runs a command of the product."""
    app = create_app(read_settings({"HANDRAIL_DATA_DIR": str(tmp_path / "var")}))
    return lambda *args: app.test_cli_runner().invoke(args=["content", *map(str, args)])


@pytest.fixture
def source(tmp_path):
    """Return the folder of a tutorial in one file."""
    folder = tmp_path / "tutorial"
    folder.mkdir()
    (folder / "tea.md").write_text(TUTORIAL)
    (folder / "kettle.png").write_bytes(picture_file())
    return folder


def test_what_is_written_is_accepted_and_what_is_lost_is_told(run, source, tmp_path):
    target = tmp_path / "content"
    converted = run("convert", source / "tea.md", target)

    assert converted.exit_code == 0
    assert "tea.md:15: <font> was taken out; its text stays" in converted.output
    assert "1 walkthrough with 3 steps and 1 picture" in converted.output
    assert run("lint", target).exit_code == 0
    assert (target / "walkthroughs/make-tea/steps/kettle.png").read_bytes() == picture_file()


def test_a_folder_that_holds_the_walkthrough_is_left_as_it_is(run, source, tmp_path):
    target = tmp_path / "content"
    run("convert", source, target)
    step = target / "walkthroughs/make-tea/steps/pour.md"
    step.write_text("mine")
    again = run("convert", source, target)

    assert again.exit_code == 1
    assert "nothing was written" in again.output
    assert step.read_text() == "mine"


def test_other_walkthroughs_of_the_folder_stay(run, source, tmp_path):
    target = tmp_path / "content"
    run("convert", source, target)
    (source / "tea.md").write_text(TUTORIAL.replace("Make tea", "Make coffee"))

    assert run("convert", source, target).exit_code == 0
    assert {path.name for path in (target / "walkthroughs").iterdir()} == {
        "make-tea",
        "make-coffee",
    }


def test_links_out_of_the_source_are_not_read(run, source, tmp_path):
    (tmp_path / "secret.md").write_text("# Secret\n\nText")
    (source / "secret.md").symlink_to(tmp_path / "secret.md")
    (source / "kettle.png").unlink()
    (source / "kettle.png").symlink_to(tmp_path / "secret.md")
    target = tmp_path / "content"
    converted = run("convert", source, target)

    assert "kettle.png" in converted.output
    assert "Secret" not in "".join(path.read_text() for path in target.rglob("*.*"))


def test_a_folder_without_markdown_is_refused(run, tmp_path):
    (tmp_path / "empty").mkdir()
    refused = run("convert", tmp_path / "empty", tmp_path / "content")

    assert refused.exit_code == 1
    assert "No Markdown" in refused.output
    assert not (tmp_path / "content").exists()


def test_a_check_does_not_load_what_only_a_conversion_needs():
    code = "import sys, sync.commands.content; sys.exit('bs4' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
