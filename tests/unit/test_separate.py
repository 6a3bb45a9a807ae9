"""What is pasted for learners is taken apart as a file is, and stays as it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkthroughs.content.separate import Separated, normalized, separate, with_part
from walkthroughs.content.step_text import deliver

LINES = st.lists(
    st.sampled_from([
        "", "Do it.", ":::{agent}", ":::{verify}", ":::", ":::note", "::::", "```", "> quote", "!!! tip", "    more",
        "<!-- x -->",
    ]),
    max_size=10,
)  # fmt: skip


@pytest.mark.parametrize("text", [
    "Do it.", ":::note\nMind.\n:::", "```\n:::{agent}\nx\n:::\n```", ":::{agent}\nnot closed",
    "> :::{agent}\n> x\n> :::", ":::{Agent}\nx\n:::", "<!-- a comment -->\nDo it.",
])  # fmt: skip
def test_a_text_without_a_whole_part_stays_as_it_is(text):
    assert separate(text) == Separated(text)


def test_parts_go_to_their_fields_and_notes_stay_as_they_are_written():
    text = "Do it.\n\n:::{agent}\nBe kind.\n:::\n\n:::note\nMind.\n:::\n\n:::{agent}\nWait.\n:::\n"
    parts = separate(text)

    assert (parts.learner, parts.assistant, parts.check) == (
        "Do it.\n\n:::note\nMind.\n:::", "Be kind.\n\nWait.", "",
    )  # fmt: skip
    assert parts.notices == ("A part that learners must not see was moved to “For the assistant”.",)


@given(LINES)
def test_the_parts_are_those_that_a_file_with_the_text_has(lines):
    text = "\n".join(lines)
    whole, parts = deliver(text), separate(text)
    if whole.is_refused:
        return
    assert deliver(parts.learner).parts.content == whole.parts.content
    assert (deliver(parts.assistant).parts.content or None) == whole.parts.agent_instructions
    assert separate(parts.learner).notices == ()


def test_line_ends_and_hidden_characters_are_as_in_files():
    assert normalized("a\r\nb\rc\u200b\x00") == "a\nb\nc"


def test_a_part_is_added_once():
    assert with_part("", "New.") == "New."
    assert with_part("Old.", "New.") == "Old.\n\nNew."
    assert with_part("Old.\n\nNew.", "New.") == "Old.\n\nNew."
