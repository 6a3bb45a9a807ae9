"""A manifest is read, or each of its mistakes is one problem with its line."""

import pytest

from sync.format.manifest import StepFile, read_manifest
from walkthroughs.content.values import Move

HEAD = "id: deploy\ntitle: Deploy\n"


def read(text):
    """Return the manifest, and the problems as `line: message`."""
    problems = []
    manifest = read_manifest("walkthrough.yml", text, problems)
    return manifest, [f"{problem.line}: {problem.message}" for problem in problems]


def test_steps_and_sections_are_read_in_order():
    manifest, problems = read(
        f"{HEAD}steps:\n  - a.md\n  - section: Set up\n    steps:\n      - b.md\n      - c.md\n  - d.md\n"
    )

    assert problems == []
    assert manifest.steps == (
        StepFile("a.md", None, 4),
        StepFile("b.md", "Set up", 7),
        StepFile("c.md", "Set up", 8),
        StepFile("d.md", None, 9),
    )


@pytest.mark.parametrize(
    ("steps", "problems"),
    [
        ("", ['1: "steps" is missing; list the step files in order']),
        ("steps: []\n", ['3: "steps" is missing; list the step files in order']),
        ("steps: a.md\n", ['3: "steps" is missing; list the step files in order']),
        ("steps: [a.txt]\n", ["3: a step is the path of a .md file, such as steps/install.md"]),
        ("steps: [[a.md]]\n", ["3: a step is the path of a .md file, such as steps/install.md"]),
        ("steps:\n  - a.md\n  - b.md\n  - a.md\n", ['6: "a.md" is listed twice (first on line 4)']),
        ("steps:\n  - section: A\n", ["4: a section needs a list of steps"]),
        ("steps:\n  - section: A\n    steps: b.md\n", ["5: a section needs a list of steps"]),
        ("steps:\n  - section: A\n    steps: []\n", ["5: a section needs a list of steps"]),
        ("steps:\n  - steps: [b.md]\n", ['4: "section" is missing; add a line `section: ...`']),
        (
            "steps:\n  - section: A\n    steps:\n      - section: B\n        steps: [b.md]\n",
            ["6: a step is the path of a .md file, such as steps/install.md"],
        ),
    ],
)
def test_what_is_no_list_of_steps_is_one_problem(steps, problems):
    assert read(HEAD + steps)[1] == problems


@pytest.mark.parametrize(("count", "refused"), [(1000, False), (1001, True)])
def test_a_walkthrough_has_at_most_a_thousand_steps(count, refused):
    steps = "".join(f"  - s{n}.md\n" for n in range(count))
    _, problems = read(f"{HEAD}steps:\n{steps}")

    expected = f"4: {count} steps; a walkthrough has at most 1000"
    assert problems == ([expected] if refused else [])


@pytest.mark.parametrize(
    ("record", "move"),
    [
        ("{from: old-one, to: new-one}", Move("old-one", "new-one")),
        ("{from: other/old-one, to: new-one}", Move("old-one", "new-one", "other")),
    ],
)
def test_a_record_of_a_moved_step_is_read(record, move):
    manifest, problems = read(f"{HEAD}steps: [a.md]\nmoved:\n  - {record}\n")

    assert (manifest.moved, problems) == ((move,), [])


@pytest.mark.parametrize(
    ("moved", "problems"),
    [
        ("moved: old-one\n", ['4: "moved" must be a list of {from: old-id, to: new-id}']),
        ("moved:\n  - {from: aa, to: bb}\n  - {from: aa, to: cc}\n", ['6: "aa" was moved before; an id moves once']),
        ("moved:\n  - {from: w1/aa, to: bb}\n  - {from: w1/aa, to: cc}\n", ['6: "w1/aa" was moved before; an id moves once']),
        ("moved:\n  - {from: aa, to: bb}\n  - {from: bb, to: aa}\n", ['6: "bb" and "aa" move in a circle']),
        ("moved:\n  - {from: aa, to: bb}\n  - {from: bb, to: cc}\n  - {from: cc, to: aa}\n", ['7: "cc" and "aa" move in a circle']),
        ("moved:\n  - {from: aa, to: aa}\n", ['5: "aa" and "aa" move in a circle']),
        ("moved:\n  - {from: deploy/aa, to: bb}\n", ['5: "deploy/aa" is a step of this walkthrough; write `from: aa`']),
        ("moved:\n  - {from: aa}\n", ['5: "to" is missing; add a line `to: ...` or run `content lint --fix`']),
        ("moved:\n  - {to: aa}\n", ['5: "from" is missing; add a line `from: ...` or run `content lint --fix`']),
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_followed_is_one_problem(moved, problems):
    manifest, found = read(f"{HEAD}steps: [a.md]\n{moved}")

    assert found == problems
    assert len(manifest.moved) <= 2


@pytest.mark.parametrize("origin", ["A/aa", "w1/A", "w1/aa/bb"])
def test_both_ids_of_a_record_must_be_ids(origin):
    manifest, (problem,) = read(f"{HEAD}steps: [a.md]\nmoved:\n  - {{from: {origin}, to: bb}}\n")

    assert problem.startswith('5: "')
    assert "cannot be an id" in problem
    assert manifest.moved == ()


@pytest.mark.parametrize(("minutes", "fine"), [(1, True), (10_000, True), (10_001, False)])
def test_the_time_of_a_walkthrough_has_bounds(minutes, fine):
    manifest, problems = read(f"{HEAD}steps: [a.md]\nestimated_minutes: {minutes}\n")

    assert (manifest.estimated_minutes, problems == []) == (minutes if fine else None, fine)


def test_only_what_says_so_is_published():
    assert read(f"{HEAD}steps: [a.md]\nstatus: published\n")[0].is_published
    assert not read(f"{HEAD}steps: [a.md]\nstatus: draft\n")[0].is_published
    assert not read(f"{HEAD}steps: [a.md]\n")[0].is_published


def test_what_is_no_yaml_has_no_id_and_one_problem():
    manifest, problems = read("id: [x")

    assert manifest.id is None
    assert len(problems) == 1
