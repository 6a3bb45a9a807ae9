"""The texts of a step as one, and taken apart again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkthroughs.content.draft import DraftStep
from walkthroughs.content.whole_text import TEXTS, texts_of, whole_text

PIECES = (
    "a",
    "\n",
    "\n\n",
    ":::",
    ":::{agent}\n",
    ":::{verify}\n",
    "```\n",
    ":::note\n",
    "    ",
    "- x",
)
TEXT = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


@given(TEXT, TEXT, TEXT)
def test_one_text_is_taken_apart_into_the_same_texts_or_is_not_offered(text, assistant, check):
    step = DraftStep("one", "One", text=text, assistant=assistant, check=check)
    whole = whole_text(step)
    if whole is not None:
        assert dict(texts_of(whole, step)) == {name: getattr(step, name) for name in TEXTS}


@pytest.mark.parametrize("text", ["Plain.", "", "A\n\n```\nmake\n```", ":::note\nMind.\n:::"])
def test_usual_texts_can_be_written_as_one(text):
    assert whole_text(DraftStep("one", "One", text=text, assistant="Warn.", check="Ok?"))


def test_a_text_that_was_changed_is_the_new_one_and_the_others_stay_as_they_were():
    step = DraftStep("one", "One", text="Old.\n", assistant="\nHelp.", check="")
    whole = whole_text(step).replace("Old.", "New.")

    assert dict(texts_of(whole, step)) == {"text": "New.", "assistant": "\nHelp.", "check": ""}
