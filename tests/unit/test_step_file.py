"""A step's file is read, or each of its mistakes is one problem with its file and line."""

import pytest

from sync.format.manifest import StepFile
from sync.format.step_file import read_step
from walkthroughs.content.values import StepContent

FOLDER = "walkthroughs/deploy"
HEAD = "---\nid: one\ntitle: One\n---\n"


def read(text, file="one.md", section=None, **others):
    """Return the step, and the problems as text."""
    data = text if isinstance(text, bytes) else text.encode()
    files = {f"{FOLDER}/one.md": data, f"{FOLDER}/pictures/a.png": b""} | others
    problems = []
    step = read_step(
        f"{FOLDER}/walkthrough.yml", FOLDER, StepFile(file, section, 7), files, problems
    )
    return step, [str(problem).removeprefix(f"{FOLDER}/") for problem in problems]


def test_a_step_has_its_parts_and_its_section():
    step, problems = read(
        "---\nid: one\ntitle: One\nrevision: 3\n---\n\nDo it.\n\n:::{agent}\nHelp.\n:::\n\n:::{verify}\nDone.\n:::\n",
        section="Set up",
    )

    assert problems == []
    assert step == StepContent("one", "One", "Do it.", "Set up", "Help.", "Done.", 3)


@pytest.mark.parametrize("file", ["two.md", "../deploy-2/one.md", "../../secret.md", "/etc/x.md"])
def test_a_listed_file_that_is_not_in_the_folder_is_told_in_the_manifest(file):
    others = {"walkthroughs/deploy-2/one.md": HEAD.encode(), "secret.md": HEAD.encode()}

    assert read(HEAD, file, **others) == (None, [f'walkthrough.yml:7: "{file}" is not there'])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Do it.", "one.md:1: a step begins with a line ---, then id and title, then a line ---"),
        ("----\nid: one\n---\n", "one.md:1: a step begins with a line ---, then id and title, then a line ---"),
        ("---\nid: one\ntitle: One\n", "one.md:1: the front matter is never closed; end it with a line ---"),
        ("---\nid: one\ntitle: One\n--- x\n", "one.md:1: the front matter is never closed; end it with a line ---"),
        ("---\nid: one\ntitle: One\nrevision: 0\n---\nx", 'one.md:4: "revision" must be a whole number from 1 to 100000'),
        ("---\nid: one\ntitle: One\nrevision: 100001\n---\nx", 'one.md:4: "revision" must be a whole number from 1 to 100000'),
        ("---\nid: one\n---\nx", 'one.md:2: "title" is missing; add a line `title: ...`'),
        (f"{HEAD}x\n\n<br>\n", "one.md:7: HTML can hide text; write Markdown"),
        (f"{HEAD}\n\n<br>\n", "one.md:7: HTML can hide text; write Markdown"),
        (f"{HEAD}<br>\n", "one.md:5: HTML can hide text; write Markdown"),
        (f"{HEAD}x\n\n:::{{agent}}\ny\n", 'one.md:7: this part is never closed; end it with a line ":::"'),
        (f"{HEAD}x\n\n![y](pictures/b.png)\n", 'one.md:7: "pictures/b.png" is not in the repository'),
        (f"{HEAD}x\n[y](../other/two.md)\n", 'one.md:6: "../other/two.md" leads out of the walkthrough; put the file into its folder'),
    ],
)  # fmt: skip
def test_a_mistake_is_one_problem_with_its_line(text, problem):
    assert read(text) == (None, [problem])


@pytest.mark.parametrize(
    "link", ["pictures/a.png", "./pictures/a.png", "pictures/a.png#top", "pictures/a.png?raw=1"]
)
def test_a_link_to_a_file_of_the_walkthrough_is_fine(link):
    step, problems = read(f"{HEAD}See [it]({link}).\n")

    assert problems == []
    assert step is not None


def test_a_front_matter_may_end_the_file():
    step, problems = read("---\nid: one\ntitle: One\n---")

    assert (step and step.content, problems) == ("", [])


@pytest.mark.parametrize(("size", "refused"), [(16 * 1024, False), (16 * 1024 + 1, True)])
def test_a_front_matter_has_at_most_sixteen_kib(size, refused):
    head = "id: one\ntitle: One\n# "
    _, problems = read(f"---\n{head}{'x' * (size - len(head))}\n---\nDo it.\n")

    assert problems == (["one.md:1: the front matter is larger than 16 KiB"] if refused else [])


def test_mistakes_of_the_front_matter_and_of_the_body_are_told_together():
    _, problems = read("---\nid: one\n---\n<br>\n")

    assert [each.split(":")[1] for each in problems] == ["2", "4"]
