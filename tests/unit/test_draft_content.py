"""What a draft becomes for learners, and what keeps it from that: as for a file of Git."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.format.export import export
from sync.format.parse import parse_repository
from tests.builders import content, step, texts
from tests.drafts import draft
from walkthroughs.content.draft import AGAIN, Details, DraftStep, join_tags, split_tags
from walkthroughs.content.draft_content import (
    changed_steps,
    content_of,
    draft_of,
    is_blocked,
    problems,
)
from walkthroughs.content.values import AuthoredWalkthrough

LINES = st.lists(
    st.sampled_from([
        "", "Do it.", ":::note", ":::", "```", "> quote", "!!! tip", "    more", "<!-- x -->", "<b onclick=x>", "[a](b)",
        "![](https://x.example/a.png)", ":::{agent}", "<Tabs>", "a\u200bb",
    ]),
    max_size=6,
).map("\n".join)  # fmt: skip
TITLES = st.sampled_from(["", "Sign in", " Sign in ", "x" * 201])


def told(value):
    return [
        (each.step, each.field, each.line, each.message, str(each.level))
        for each in problems(value)
    ]


def in_file(text):
    """The problems of a file with this text: (line of the text, message, level)."""
    files = {
        "walkthroughs.yml": b"schema: 1\n",
        "walkthroughs/deploy/walkthrough.yml": b"id: deploy\ntitle: Deploy\nsteps: [steps/aa.md]\n",
        "walkthroughs/deploy/steps/aa.md": f"---\nid: aa\ntitle: Aa\n---\n{text}\n".encode(),
    }
    return [
        (each.line - 4, each.message, str(each.severity))
        for each in parse_repository(files).problems
    ]


@pytest.mark.parametrize("text", [
    "Do it.\n<script>x</script>", "Open <Tabs>", "a\u200bb", "```\nnever closed",
    ":::{agent}\nnever closed", "x\n:::\n", "<<<<<<< ours\nx",
])  # fmt: skip
def test_mistakes_have_the_lines_and_the_words_that_they_have_in_a_file(text):
    found = [
        (line, message, level)
        for _, _, line, message, level in told(
            replace(draft("aa"), steps=(DraftStep("aa", "Aa", text=text),))
        )
    ]

    assert found
    assert found == in_file(text)


def test_each_field_has_its_mistakes():
    value = replace(
        draft("aa"),
        details=replace(draft().details, title=" ", minutes="soon", description="a\u202eb"),
        steps=(DraftStep("aa", "x" * 201, section="y\u200b", assistant="<script>", check="fine"),),
    )

    assert [(step, field, level) for step, field, _, _, level in told(value)] == [
        (None, "title", "error"), (None, "description", "error"), (None, "minutes", "error"),
        ("aa", "title", "error"), ("aa", "section", "error"), ("aa", "text", "error"), ("aa", "assistant", "error"),
    ]  # fmt: skip
    assert {line for _, _, line, *_ in told(value)} == {1}
    assert told(replace(value, steps=()))[-1][2:4] == (1, '"steps" is missing; add a step')
    assert problems(value, only=("bb",)) == ()


def test_what_goes_live_as_it_is_meant_is_a_note_and_a_picture_needs_a_text():
    note = replace(draft("aa"), steps=(DraftStep("aa", "Aa", text="<!-- x -->\nDo it."),))
    picture = replace(
        draft("aa"), steps=(DraftStep("aa", "Aa", text="![](https://x.example/a.png)"),)
    )

    assert [level for *_, level in told(note)] == ["note"]
    assert not is_blocked(problems(note))
    assert is_blocked(problems(picture))


def test_the_texts_of_a_step_have_one_limit_together_as_in_its_file():
    for other in ("assistant", "check"):
        parts = {"text": "x " * 20_000, other: "y " * 20_000}
        long = replace(draft("aa"), steps=(DraftStep("aa", "Aa", **parts),))

        assert [(line, message) for _, _, line, message, _ in told(long)] == [
            (1, "the step has 80,000 characters; at most 65,536 are allowed")
        ]


@pytest.mark.parametrize("part", ["agent", "verify"])
def test_a_part_that_has_a_field_of_its_own_is_not_written_into_another(part):
    value = replace(draft("aa"), steps=(DraftStep("aa", "Aa", text=f"Do.\n:::{{{part}}}\nx\n:::"),))

    assert told(value) == [
        ("aa", "text", 1, "parts for the assistant have fields of their own; write them there", "error")
    ]  # fmt: skip


def test_a_draft_begins_with_what_is_live_and_what_is_changed_goes_live():
    first = step("one", section=" s ", agent_instructions="a", verify="v", revision=2)
    live = content(
        steps=(first, step("two")), title=" Deploy ", description="d", tags=("x", "y"),
        estimated_minutes=7,
    )  # fmt: skip
    value = draft_of(live, 4)
    assert (value.details, value.base_version, value.revision) == (
        Details(" Deploy ", "d", "7", join_tags(("x", "y"))), 4, 0,
    )  # fmt: skip
    assert value.steps == (
        DraftStep("one", "One", " s ", "Do one.", "a", "v"),
        DraftStep("two", "Two", "", "Do two.", "", ""),
    )
    assert draft_of(content("one"), 1).details == Details("Deploy", "", "", "")
    assert changed_steps(value, live) == {None}

    again, new = replace(value.steps[0], revision=AGAIN), DraftStep("new", " New ", text="Do.")
    became = content_of(replace(value, steps=(again, value.steps[1], new)), live)
    assert became.title == " Deploy "
    assert became.steps[:2] == (replace(first, revision=3), live.steps[1])
    assert became.steps[2] == step("new", title="New", content="Do.", revision=1)
    assert changed_steps(replace(value, steps=(again, value.steps[1])), live) == {None, "one"}

    details = Details(" T ", " ", "1", value.details.tags)
    became = content_of(replace(value, details=details), live)
    assert (became.title, became.description, became.estimated_minutes) == ("T", None, 1)
    assert (became.tags, became.steps) == (("x", "y"), live.steps)
    assert problems(replace(value, details=details), only=(None,)) == ()
    tagged = replace(value, details=replace(details, minutes="0", tags="z"))
    assert (content_of(tagged, live).tags, content_of(tagged, live).estimated_minutes) == (
        ("z",), None,
    )  # fmt: skip
    assert ("minutes", 1) in [(field, line) for _, field, line, *_ in told(tagged)]


def test_a_step_that_is_to_be_done_again_has_the_next_revision():
    live = content(steps=(step("one", revision=3), step("two")))
    value = draft_of(live, 1)
    value = replace(value, steps=(replace(value.steps[0], revision=AGAIN), *value.steps[1:]))

    assert [each.revision for each in content_of(value, live).steps] == [4, 1]
    assert [
        each.revision for each in content_of(value, live, {"one": "same", "two": AGAIN}).steps
    ] == [3, 2]


@given(LINES, LINES, st.lists(st.sampled_from(["a", "b c", "d, e"])))
def test_a_draft_in_which_nothing_changed_is_exactly_what_is_live(text, more, tags):
    live = content(
        steps=(step("one", content=text, verify=more or None, section=" s "),),
        tags=tuple(tags),
        estimated_minutes=3,
    )

    assert content_of(draft_of(live, 1), live) == live


@given(TITLES, LINES, LINES)
def test_what_a_draft_without_mistakes_becomes_is_what_git_reads_of_its_files(
    title, text, assistant
):
    live = content("one")
    value = replace(
        draft_of(live, 1), steps=(DraftStep("aa", title, text=text, assistant=assistant),)
    )
    if is_blocked(problems(value)):
        return
    wanted = content_of(value, live)
    (read,) = texts({"walkthroughs.yml": b"schema: 1\n", **export(AuthoredWalkthrough(wanted))})

    assert read.content == wanted


@given(st.lists(st.sampled_from(["a", "b c", "a, b", ",", "c"])))
def test_tags_are_read_as_they_were_joined(tags):
    assert split_tags(join_tags(tuple(tags))) == tuple(tags)
