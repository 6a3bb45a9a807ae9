"""Characters that a reviewer cannot see are refused one by one; what is seen is left alone."""

import re
import time
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import texts
from walkthroughs.content import characters
from walkthroughs.content.characters import hidden_characters, without_hidden
from walkthroughs.content.step_text import refusals
from walkthroughs.content.values import StepContent

#: A character of each category of which nothing is shown.
INVISIBLE = {
    "Cc": "\u0007",
    "Cf": "\u202e",
    "Co": "\ue000",
    "Cn": "\u2065",
    "Cs": "\ud800",
    "Zl": "\u2028",
    "Zp": "\u2029",
}
#: Letters, marks and signs by their category, and blank all the same.
BLANKS = {
    "combining grapheme joiner": "\u034f",
    "hangul choseong filler": "\u115f",
    "hangul jungseong filler": "\u1160",
    "khmer vowel inherent aq": "\u17b4",
    "khmer vowel inherent aa": "\u17b5",
    "braille pattern blank": "\u2800",
    "hangul filler": "\u3164",
    "halfwidth hangul filler": "\uffa0",
}
#: Some of each kind, so that they meet often.
INVISIBLE_AND_SEEN = (
    "a1\u05e2\u0645\u0915\u0e2a\u845b\u2764\U0001f525 \u200b\u200c\u200d\u200e\u200f\u061c"
    "\ufe0e\ufe0f\u2066\u2067\u2069\u202d\u202e\U000e0100\U000e0041"
)


def step_with(text):
    """The step that the parser reads from a file with this text; none if it is refused."""
    folder = "walkthroughs/deploy"
    files = {
        f"{folder}/walkthrough.yml": b"id: deploy\ntitle: Deploy\nsteps: [steps/one.md]\n",
        f"{folder}/steps/one.md": f"---\nid: one\ntitle: One\n---\n{text}\n".encode(),
    }
    return next((each.content.steps[0] for each in texts(files)), None)


@pytest.mark.parametrize(
    ("category", "character"), [pytest.param(*each, id=each[0]) for each in INVISIBLE.items()]
)
def test_an_invisible_character_of_each_category_is_refused_by_its_name(category, character):
    (found,) = refusals(f"First line.\nsee{character}n")

    assert unicodedata.category(character) == category
    assert found.line == 2
    assert f"U+{ord(character):04X} cannot be seen; remove it from column 4" in found.message


@pytest.mark.parametrize(
    "character", [pytest.param(character, id=name) for name, character in BLANKS.items()]
)
def test_a_character_that_looks_like_nothing_is_refused(character):
    assert unicodedata.category(character) not in INVISIBLE
    (found,) = refusals(f"see{character}n")

    assert f"U+{ord(character):04X}" in found.message
    assert step_with(f"see{character}n") is None


@pytest.mark.parametrize(
    "text",
    [
        "\u2764\ufe0f \u2764\ufe0e",
        "1\ufe0f\u20e3 #\ufe0f\u20e3",
        "\u2139\ufe0f \u3030\ufe0f",
        "\U0001f469\u200d\U0001f4bb",
        "\U0001f469\U0001f3fd\u200d\U0001f4bb",
        "\u2764\ufe0f\u200d\U0001f525",
        "\U0001f3f3\ufe0f\u200d\u26a7\ufe0f",
        "Made with \U0001fa77, new in Unicode 15",
    ],
)
def test_an_emoji_is_accepted_with_all_that_it_is_made_of(text):
    assert refusals(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0647\u200d.",
        "\u0915\u094d\u200d\u0937 \u0915\u094d\u200c\u0937",
        "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u200b\u0e04\u0e23\u0e31\u0e1a",
        "C++\u200e \u05e2\u05d1\u05e8\u05d9\u05ea",
        "\u200f(a) \u05e2\u05d1\u05e8\u05d9\u05ea",
        "\u05e2\u05d1\u05e8\u05d9\u05ea \u2066make run\u2069 \u05d5",
        "\u845b\U000e0100",
        "\u1820\u180b",
        "\u0600\u0661",
    ],
)
def test_a_language_is_accepted_with_the_marks_that_it_needs(text):
    assert refusals(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "a\u200db",
        "a\u200cb",
        "\u2764\u200d",
        "\u2764\u200dx",
        "\u2764\ufe0f\ufe0f",
        "a\ufe0f",
        "\ufe0fx",
        "\u0645\u200c\u200c\u0645",
        "\u0645\u200d\u200c\u0645",
        "a\u200bb",
        "a\u200eb",
        "\u05e2\u200e\u200f",
        "\u05e2 \u2066a",
        "\u05e2 a\u2069",
        "\u05e2 \u2069a\u2066",
        "a \u2066b\u2069",
        "\u05e2 \u202da\u202c",
        "\U0001f3f4\U000e0067\U000e007f",
        "a\U000e0100",
        "\u845b\U000e0100\U000e0101",
        "\u2028",
        "\ufdd0",
    ],
)
def test_a_mark_is_refused_where_nothing_that_is_read_needs_it(text):
    assert [each.line for each in refusals(f"{text}x")] == [1]


def test_a_joiner_is_not_excused_by_the_end_of_the_line_before():
    assert [each.line for each in refusals("\u2764\n\ufe0f")] == [2]


def test_each_line_that_hides_something_is_refused_once():
    (found,) = refusals("a\u200bb\u200b\nplain\n\u00e9\n\u200b")

    assert found.message.endswith("(2 times, first here)")


@pytest.mark.parametrize("text", ["make:\n\tgo build", "a\tb", "\u00e9\tb"])
def test_a_step_with_a_tab_is_read_as_it_is_written(text):
    assert refusals(text) == ()
    assert step_with(text) == StepContent("one", "One", text)


@pytest.mark.parametrize(
    "control", [chr(code) for code in (*range(0x20), 0x7F) if code not in (9, 10)]
)
def test_every_other_control_character_is_refused(control):
    assert len(refusals(f"a{control}b")) == 1


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        (characters._EMOJI, r"\p{Emoji}"),
        (
            characters._UNSEEN,
            r"[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}"
            r"\p{Noncharacter_Code_Point}--[\t\p{Prepended_Concatenation_Mark}]]",
        ),
    ],
)
def test_the_tables_are_those_of_unicode(ranges, expected):
    ours, theirs = characters._one_of(ranges), regex.compile(expected, regex.V1)
    every = [chr(code) for code in range(0x110000)]

    differing = {
        f"{ord(each):X}" for each in every if bool(ours.match(each)) != bool(theirs.match(each))
    }
    assert differing <= {"A"}  # the end of a line is in no line


@given(st.text(alphabet=INVISIBLE_AND_SEEN, max_size=12))
def test_what_is_accepted_holds_no_run_of_what_nobody_sees(text):
    if not refusals(text):
        shown = text.replace("\ufe0f\u200d", "\ufe0f")
        assert not re.search(r"[\u200b-\u200f\ufe00-\ufe0f\u2066-\u2069]{2}", shown)
        assert not re.search(r"[\u202a-\u202e\U000e0000-\U000e007f]", text)


@given(
    st.text(
        st.sampled_from("a1\n\u05d0\u0905\u200b\u200d\u200e\u2066\u2069\ufe0f\u2764\x00\U000e0041")
    )
)
def test_a_cleaned_text_has_no_hidden_character_and_one_that_is_clean_stays(text):
    cleaned = without_hidden(text)

    assert list(hidden_characters(cleaned)) == []
    assert without_hidden(cleaned) == cleaned
    if not list(hidden_characters(text)):
        assert cleaned == text


def test_a_line_of_thousands_of_isolates_is_read_at_once():
    line = "\u05d0" + "\u2066a\u2069 " * 16_000
    started = time.process_time()
    assert list(hidden_characters(line)) == []

    assert time.process_time() - started < 5  # it was six minutes


def test_of_a_line_with_a_mark_that_is_needed_only_the_others_are_removed():
    needed = "\u0645\u06cc\u200c\u062e"
    assert without_hidden(f"{needed} a\u200bb\nplain\u202e") == f"{needed} ab\nplain"


def test_a_thousand_lines_that_hide_something_are_told():
    assert len(list(hidden_characters("a\u200b\n" * 1_001))) == 1_000
