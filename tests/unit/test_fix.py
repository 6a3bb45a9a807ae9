"""`content lint --fix` finishes what it starts, says what it wrote, and leaves the rest alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.format.fix import fix_folder
from tests.builders import problems_in

STEPS = "walkthroughs/make-tea/steps"


@pytest.fixture
def draft(tmp_path):
    """Writes a walkthrough whose steps hold what is given, by name."""

    def write(manifest="title: Make tea\n", **steps):
        base = tmp_path / "walkthroughs" / "make-tea"
        listed = "".join(f"  - steps/{name.replace('__', '/')}.md\n" for name in steps)
        for name, data in steps.items():
            path = base / "steps" / f"{name.replace('__', '/')}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data if isinstance(data, bytes) else data.encode())
        (base / "walkthrough.yml").write_text(f"{manifest}steps:\n{listed}")
        return tmp_path

    return write


def read(folder, name):
    return (folder / STEPS / f"{name}.md").read_bytes().decode()


def test_missing_ids_are_written_and_the_rest_stays_byte_for_byte(draft):
    folder = draft(
        "# mine\ntitle: Make tea\n", a="---\r\ntitle: Boil the wåter!\r\n---\r\nDo.  \r\n"
    )
    written = fix_folder(folder)

    assert [line for line in written if line[0] == "+" and line[:3] != "+++"] == [
        "+id: make-tea",
        "+id: boil-the-water",
    ]
    assert (
        read(folder, "a")
        == "---\r\nid: boil-the-water\r\ntitle: Boil the wåter!\r\n---\r\nDo.  \r\n"
    )
    manifest = (folder / "walkthroughs/make-tea/walkthrough.yml").read_text()
    assert manifest.startswith("# mine\nid: make-tea\ntitle: Make tea\n")
    assert problems_in(folder) == ()
    assert fix_folder(folder) == []


def test_every_listed_step_gets_an_id_and_all_are_different(draft):
    folder = draft(
        s01="---\ntitle: مرحبا\n---\nx\n",
        s02="---\ntitle: Setup\n---\nx\n",
        s03="---\ntitle: Setup\n---\nx\n",
        part__04="---\ntitle: Nested\n---\nx\n",
        s5="---\ntitle: 設定\n---\nx\n",
        set="---\nid: setup\ntitle: The id is taken\n---\nx\n",
    )
    fix_folder(folder)

    ids = [read(folder, name).split("\n")[1] for name in ("s01", "s02", "s03", "part/04", "s5")]
    assert ids == ["id: s01", "id: setup-2", "id: setup-3", "id: nested", "id: s5"]
    assert problems_in(folder) == ()


def test_a_page_with_only_a_heading_gets_a_front_matter(draft):
    folder = draft(
        a="# Boil: the *water* #\n\nDo it.\n", b="\n# 2 cups\nPour.\n", c="No heading.\n"
    )
    fix_folder(folder)

    assert read(folder, "a") == '---\nid: boil-the-water\ntitle: "Boil: the *water*"\n---\nDo it.\n'
    assert read(folder, "b") == '---\nid: 2-cups\ntitle: "2 cups"\n---\nPour.\n'
    assert read(folder, "c") == "No heading.\n"


HEAD = "---\nid: one\ntitle: One\n---\n"


@pytest.mark.parametrize(
    ("body", "fixed"),
    [
        ("Use <your-token> and `<x-y>`.\n", "Use `<your-token>` and `<x-y>`.\n"),
        ("<your-token>\n", "`<your-token>`\n"),
        ("<your-token>\n<other-one> x\n", "`<your-token>`\n`<other-one>` x\n"),
        ("<p>\na `<x-y>` <z-z>\n</p>\n", "<p>\na `<x-y>` <z-z>\n</p>\n"),
        ("the list <o>posts</o>\n", "the list <o>posts</o>\n"),
        ("it`s `<x-y>`\n", "it`s `<x-y>`\n"),
        ("a <br> <svg> <Tabs> <b>c</b>\n", "a <br> <svg> <Tabs> <b>c</b>\n"),
        (":::agent\nx\n:::\n", ":::{agent}\nx\n:::\n"),
        ("::: { Verify .y }\nx\n:::\n", ":::{verify}\nx\n:::\n"),
        ("a\n\n  :::{agent}\n  x\n  :::\n", "a\n\n:::{agent}\n  x\n:::\n"),
        ("```\n:::agent\n<x-y>\n```\n", "```\n:::agent\n<x-y>\n```\n"),
        ("> :::agent\n", "> :::agent\n"),
        (":::note\nx\n  :::\n", ":::note\nx\n  :::\n"),
    ],
)
def test_a_spelling_of_elsewhere_is_written_as_it_is_here(draft, body, fixed):
    folder = draft("id: tea\ntitle: Tea\n", a=HEAD + body)
    fix_folder(folder)

    assert read(folder, "a") == HEAD + fixed


@pytest.mark.parametrize(
    "data",
    [
        b"---\ntitle: \xff\xfe\n---\n",
        b"---\ntitle: a\r\n---\nb <x-y>\n",
        b"---\ntitle: [\n---\n",
        b"",
        b"---\nx",
    ],
)
def test_a_file_that_cannot_be_read_is_left_alone(draft, data):
    folder = draft("id: tea\ntitle: Tea\n", a=data)
    fix_folder(folder)

    assert (folder / STEPS / "a.md").read_bytes() == data


def test_what_a_link_leads_to_is_left_alone(draft, tmp_path_factory):
    folder = draft("id: tea\ntitle: Tea\n", a=HEAD)
    outside = tmp_path_factory.mktemp("outside") / "b.md"
    outside.write_text("# Mine\n")
    (folder / STEPS / "b.md").symlink_to(outside)
    fix_folder(folder)

    assert outside.read_text() == "# Mine\n"


LINES = st.sampled_from(
    [
        "# Title",
        "---",
        "title: A",
        "id: a1",
        "<x-y>",
        ":::agent",
        "  :::{agent}",
        ":::",
        "```",
        "text",
        "",
        "> <z-z>",
        "<nav>",
        "<p>",
        "a ` b",
        "`<c-c>`<d-d>",
    ]
)


@given(st.lists(LINES, max_size=10).map("\n".join))
def test_twice_is_the_same_as_once(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("twice")
    base = folder / "walkthroughs" / "tea"
    base.mkdir(parents=True)
    (base / "walkthrough.yml").write_text("id: tea\ntitle: Tea\nsteps: [a.md]\n")
    (base / "a.md").write_text(text)
    fix_folder(folder)
    once = (base / "a.md").read_text()

    assert fix_folder(folder) == []
    assert (base / "a.md").read_text() == once
