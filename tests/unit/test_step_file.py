"""A step's file is read, or each of its mistakes is one problem with its file and line."""

from urllib.parse import quote

import pytest

from sync.format.step_file import open_step, read_step
from sync.format.step_links import WalkthroughFiles, no_address
from sync.layout import PictureFile, StepFile
from tests.pictures import file_beside, stored_picture
from walkthroughs.content.limits import MAX_STEP
from walkthroughs.content.pictures import Picture
from walkthroughs.content.reader import Link
from walkthroughs.content.values import StepContent

FOLDER = "walkthroughs/deploy"
NO_FRONT_MATTER = (
    "a step begins with a line ---, then id and title, then a line ---; `content lint --fix` "
    "writes them for a file that begins with a heading"
)
HEAD = "---\nid: one\ntitle: One\n---\n"


def read(text, file="one.md", section=None, address=no_address, **others):
    """Return the step, and the problems as text."""
    data = text if isinstance(text, bytes) else text.encode()
    files = {f"{FOLDER}/one.md": data, f"{FOLDER}/pictures/a.png": file_beside()} | others
    problems = []
    listed = StepFile(file, section, 7)
    opened = open_step(f"{FOLDER}/walkthrough.yml", FOLDER, listed, files, problems)
    own = WalkthroughFiles(FOLDER, files, {f"{FOLDER}/two.md": "Sign *in*"}, address)
    step = read_step(opened, own, problems) if opened else None
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
        ("Do it.", f"one.md:1: {NO_FRONT_MATTER}"),
        ("----\nid: one\n---\n", f"one.md:1: {NO_FRONT_MATTER}"),
        ("---\nid: one\ntitle: One\n", "one.md:1: the front matter is never closed; end it with a line ---"),
        ("---\nid: one\ntitle: One\n--- x\n", "one.md:1: the front matter is never closed; end it with a line ---"),
        ("---\nid: one\ntitle: One\nrevision: 0\n---\nx", 'one.md:4: "revision" must be a whole number from 1 to 100000'),
        ("---\nid: one\ntitle: One\nrevision: 100001\n---\nx", 'one.md:4: "revision" must be a whole number from 1 to 100000'),
        ("---\nid: one\n---\nx", 'one.md:2: "title" is missing; add a line `title: ...`'),
        (f"{HEAD}x\n\n<svg>\n", "one.md:7: <svg> is not shown or runs something; write Markdown, or put it in backticks"),
        (f"{HEAD}\n\n<svg>\n", "one.md:7: <svg> is not shown or runs something; write Markdown, or put it in backticks"),
        (f"{HEAD}<svg>\n", "one.md:5: <svg> is not shown or runs something; write Markdown, or put it in backticks"),
        (f"{HEAD}x\n\n:::{{agent}}\ny\n", 'one.md:7: this part is never closed; end it with a line ":::"'),
        (f"{HEAD}x\n\n![y](pictures/b.png)\n", 'one.md:7: "pictures/b.png" is not in the repository'),
        (f"{HEAD}x\n![y](../other/two.png)\n", 'one.md:6: "../other/two.png" is not in the walkthrough\'s folder; put the picture there'),
        (f"{HEAD}x\n![y](one.md)\n", 'one.md:6: "one.md" is no picture that learners are shown: PNG, JPEG, WebP or GIF'),
    ],
)  # fmt: skip
def test_a_mistake_is_one_problem_with_its_line(text, problem):
    assert read(text) == (None, [problem])


@pytest.mark.parametrize(
    "link", ["pictures/a.png", "./pictures/a.png", "pictures/a.png#top", "pictures/a.png?raw=1"]
)
@pytest.mark.parametrize(
    "written", ["See [it]({}).", "![a]({})", "![a][b]\n\n[b]: {}", '<img alt="a" src="{}">']
)
def test_a_picture_beside_the_step_is_named_by_what_it_holds(link, written):
    step, problems = read(f"{HEAD}{written.format(link)}\n")

    assert problems == []
    assert step.content == written.format(f"i/{stored_picture().name}")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("![x](my%20shot.png)", "my shot.png"),
        ("![x](<my shot.png>)", "my shot.png"),
        ("![x](übersicht.png)", "übersicht.png"),
        ("![x](%C3%BCbersicht.png)", "übersicht.png"),
        ("![x](a\\(1\\).png)", "a(1).png"),
        ("![x](100%.png)", "100%.png"),
        ("![x](SHOT.PNG)", "SHOT.PNG"),
    ],
)
def test_a_picture_is_found_however_its_name_is_written(written, name):
    step, problems = read(f"{HEAD}{written}\n", **{f"{FOLDER}/{name}": file_beside()})

    assert problems == []
    assert step.content == f"![x](i/{stored_picture().name})"


def test_a_file_that_is_no_picture_is_told_with_the_reason():
    _, problems = read(f"{HEAD}![x](b.png)\n", **{f"{FOLDER}/b.png": file_beside(b"<svg/>")})

    assert problems == [
        'one.md:5: "b.png" cannot be shown: the file holds no PNG, JPEG, WebP or GIF, whatever its name says; save it as one'
    ]


@pytest.mark.parametrize(
    ("written", "delivered"),
    [
        ("See [the next](two.md).", "See *Sign \\*in\\**."),
        ("See [the next](./two.md#top).", "See *Sign \\*in\\**."),
        ("See [it][n].\n\n[n]: two.md", "See *Sign \\*in\\**."),
        ('<a href="two.md">next</a>', "<a>next</a>"),
        ("[a](../../docs/a b.md)", "[a](../../docs/a b.md)"),
        ("[a](<../../docs/a b.md#c>)", "[a](https://git.example/docs/a%20b.md#c)"),
        ("[a](../../docs)", "[a](https://git.example/docs)"),
        ("[a](pictures)", "[a](https://git.example/walkthroughs/deploy/pictures)"),
        ("[a](https://x.example) [b](#c)", "[a](https://x.example) [b](#c)"),
    ],
)
def test_a_link_leads_to_where_a_learner_can_go(written, delivered):
    def address(path):
        return f"https://git.example/{quote(path)}"

    files = {f"{FOLDER}/two.md": HEAD.encode()}
    step, problems = read(f"{HEAD}{written}\n", address=address, **files)

    assert problems == []
    assert step.content.rstrip() == delivered


def test_a_link_that_nobody_can_follow_stays_with_a_warning():
    step, problems = read(f"{HEAD}[a](../../docs/a.md) [b](/c)\n")

    assert [each.split(": ", 2)[1:] for each in problems] == [
        ["warning", '"../../docs/a.md" leads to a file that learners cannot open'],
        ["warning", '"/c" leads to a file that learners cannot open'],
    ]
    assert step.content == "[a](../../docs/a.md) [b](/c)"


def test_a_link_out_of_the_contents_folder_leads_nowhere_even_where_the_host_is_known():
    far = "../" * 3 + "x" * 150
    step, problems = read(
        f"{HEAD}[a](/c) [b](../../../secret) [c]({far})\n", address=lambda path: f"https://h/{path}"
    )

    assert step.content == f"[a](/c) [b](../../../secret) [c]({far})"
    assert [each.split('"')[1] for each in problems] == ["/c", "../../../secret", far[:100]]


def test_a_file_whose_name_is_the_target_as_it_is_written_comes_before_the_decoded_one():
    step, problems = read(f"{HEAD}![x](a%20b.png)\n", **{f"{FOLDER}/a%20b.png": file_beside()})

    assert problems == []
    assert step.content == f"![x](i/{stored_picture().name})"


def test_the_pictures_of_a_walkthrough_have_at_most_32_mib():
    picture = stored_picture()
    files = {f"{FOLDER}/a.png": file_beside()}
    for over in (0, 1):
        other = Picture("0" * 64, "png", bytes(32 * 1024 * 1024 - len(picture.data) + over))
        own = WalkthroughFiles(FOLDER, files, {}, no_address, {other.name: other})
        found = own.resolve(f"{FOLDER}/one.md", Link(1, True, "a.png", "a", None, None))
        assert (found.target is None) == bool(over)


def test_a_front_matter_may_end_the_file():
    step, problems = read("---\nid: one\ntitle: One\n---")

    assert (step and step.content, problems) == ("", [])


@pytest.mark.parametrize(("size", "refused"), [(16 * 1024, False), (16 * 1024 + 1, True)])
def test_a_front_matter_has_at_most_sixteen_kib(size, refused):
    head = "id: one\ntitle: One\n# "
    _, problems = read(f"---\n{head}{'x' * (size - len(head))}\n---\nDo it.\n")

    assert problems == (
        ["one.md:1: the front matter has more than 16,384 characters"] if refused else []
    )


def test_mistakes_of_the_front_matter_and_of_the_body_are_told_together():
    _, problems = read("---\nid: one\n---\n<svg>\n")

    assert [each.split(":")[1] for each in problems] == ["2", "4"]


def test_a_file_is_text_of_at_most_what_a_step_and_its_front_matter_may_have():
    _, (problem,) = read(HEAD.encode() + b"\xff")
    assert "UTF-8" in problem
    step, problems = read(HEAD + "x" * (MAX_STEP - 1))
    assert (len(step.content), step.revision, problems) == (MAX_STEP - 1, 1, [])
    step, (problem,) = read(HEAD + "x" * MAX_STEP)
    assert (step, problem.split(":")[:2]) == (None, ["one.md", "5"])


def test_a_picture_that_is_shown_many_times_is_opened_once():
    opened, picture = [], stored_picture()

    def open_it():
        opened.append(1)
        return picture

    files = {f"{FOLDER}/a.png": PictureFile(open_it)}
    step, problems = read(HEAD + "![A fox](a.png)\n\n" * 50, **files)

    assert (problems, len(opened)) == ([], 1)
    assert step.content.count(f"i/{picture.name}") == 50
