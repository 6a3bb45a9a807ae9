"""A walkthrough that is not where it is looked for is said by name, and archived by no mistake."""

import pytest

from sync.format.folder import read_folder, read_surroundings
from sync.format.parse import Surroundings, parse_repository
from sync.layout import EntryKind

STEP = b"---\nid: one\ntitle: One\n---\nx\n"
MANIFEST = b"id: tea\ntitle: Tea\nsteps: [one.md]\n"
GOOD = {
    "walkthroughs/ok/walkthrough.yml": b"id: ok\ntitle: O\nsteps: [one.md]\n",
    "walkthroughs/ok/one.md": STEP,
}


@pytest.fixture
def parse(tmp_path):
    """Writes files to a folder and reads it, as the check of an author does."""

    def run(files, links=(), live=None):
        for name, data in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        for name, target in links:
            (tmp_path / name).symlink_to(tmp_path / target)
        around = read_surroundings(tmp_path)
        around = Surroundings(around.root, around.stray, (live or {}).get)
        return parse_repository(read_folder(tmp_path), around=around)

    return run


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "walkthroughs/w/walkthrough.yaml",
            "walkthrough.yaml is not read; call it walkthrough.yml",
        ),
        ("walkthroughs/w/Walkthrough.yml", "Walkthrough.yml is not read; call it walkthrough.yml"),
        (
            "walkthroughs/w/walkthroughs.yml",
            "walkthroughs.yml is not read; call it walkthrough.yml",
        ),
        (
            "walkthroughs/track/w/walkthrough.yml",
            "it is too deep; put its folder into walkthroughs/",
        ),
        (
            "walkthroughs/walkthrough.yml",
            "it is not read here; a walkthrough is a folder: walkthroughs/<a name>/",
        ),
        ("walkthrough.yml", "it is not read here; put it into walkthroughs/<a name>/"),
    ],
)
def test_a_manifest_with_another_name_or_place_is_one_problem_and_archives_nothing(
    parse, name, says
):
    folder = name.rsplit("/", 1)[0] if "/" in name else "."
    parsed = parse(GOOD | {name: MANIFEST, f"{folder}/one.md": STEP}, live={"w": "tea"})

    assert [str(each) for each in parsed.problems] == [f"{name}:1: {says}"]
    assert "tea" in parsed.unreadable or not parsed.complete
    assert [each.outline.id for each in parsed.wanted] == ["ok"]


def test_a_folder_with_another_spelling_is_named(parse):
    (problem,) = parse(GOOD | {"Walkthroughs/w/walkthrough.yml": MANIFEST}).problems

    assert (
        str(problem)
        == 'Walkthroughs:1: the folder "Walkthroughs" is not read; call it walkthroughs, in small letters'
    )


def test_pages_without_a_manifest_are_named_and_what_was_live_there_stays(parse):
    parsed = parse(GOOD | {"walkthroughs/w/one.md": STEP}, live={"w": "tea"})

    assert [str(each) for each in parsed.problems] == [
        "walkthroughs/w:1: there is no walkthrough.yml here, so the 1 Markdown file(s) are not read"
    ]
    assert parsed.unreadable == {"tea"}
    assert parsed.complete


def test_a_readme_is_no_page(parse):
    assert (
        parse(GOOD | {"walkthroughs/w/README.md": b"x", "walkthroughs/README.md": b"x"}).problems
        == ()
    )


def test_a_linked_folder_is_named_and_nothing_is_archived(parse):
    parsed = parse(
        GOOD | {"elsewhere/walkthrough.yml": MANIFEST}, links=[("walkthroughs/w", "elsewhere")]
    )

    assert [str(each) for each in parsed.problems] == [
        "walkthroughs/w:1: links and submodules are not followed; put the walkthrough's files here"
    ]
    assert not parsed.complete


def test_a_repository_without_any_walkthrough_is_a_problem(parse):
    (problem,) = parse({"walkthroughs/README.md": b"x"}).problems

    assert (
        str(problem)
        == "walkthroughs:1: no walkthrough is here; write walkthroughs/<a name>/walkthrough.yml"
    )


def test_a_folder_that_is_gone_says_that_its_walkthrough_is(parse):
    parsed = parse(GOOD, live={"w": "tea", "ok": "ok"})

    assert parsed.problems == ()
    assert (parsed.complete, parsed.unreadable) == (True, frozenset())


def test_a_walkthrough_that_moved_to_another_folder_is_not_held_by_its_old_one(parse):
    parsed = parse(GOOD | {"walkthroughs/w/one.md": STEP}, live={"w": "ok"})

    assert [each.outline.id for each in parsed.wanted] == ["ok"]
    assert parsed.unreadable == frozenset()


def test_files_around_the_walkthroughs_are_nobodys_mistake():
    around = Surroundings(
        {"README.md": EntryKind.FILE, "docs": EntryKind.FOLDER}, {"ok": EntryKind.FOLDER}
    )

    assert parse_repository(GOOD, around=around).problems == ()


@pytest.mark.parametrize(
    "name", ["walkthroughs/w/walkthrough.yaml", "walkthroughs/track/w/walkthrough.yml"]
)
def test_a_manifest_that_can_be_read_holds_its_walkthrough_and_no_other(parse, name):
    parsed = parse(GOOD | {name: MANIFEST})

    assert (parsed.unreadable, parsed.complete) == ({"tea"}, True)


@pytest.mark.parametrize("data", [b"id: [", b"", b"\xff"])
def test_a_manifest_that_cannot_be_read_may_be_any(parse, data):
    parsed = parse(GOOD | {"walkthroughs/w/walkthrough.yaml": data})

    assert (parsed.unreadable, parsed.complete) == (frozenset(), False)


def test_a_manifest_that_is_too_deep_and_has_another_name_is_too_deep(parse):
    (problem,) = parse(GOOD | {"walkthroughs/track/w/walkthrough.yaml": MANIFEST}).problems

    assert "it is too deep" in problem.message
