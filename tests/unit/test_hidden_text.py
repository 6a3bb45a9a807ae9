"""Characters that a reviewer cannot see are refused one by one; what is seen is left alone."""

import unicodedata

import pytest

from tests.builders import texts
from walkthroughs.content.markdown import refusals
from walkthroughs.content.values import StepContent

#: A character of each category of which nothing is shown.
INVISIBLE = {
    "Cc": "\u0007",
    "Cf": "\u202e",
    "Co": "\ue000",
    "Cn": "\u0378",
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
#: What may stand before a joiner or a selector of emoji, by its category.
BEFORE_JOINERS = {
    "So": "\u2764",
    "Sk": "\U0001f3fd",
    "Mn": "\u0308",
    "Me": "\u20e3",
    "Po": "#",
    "Nd": "1",
    "Sm": "\u2194",
}


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
    assert f"U+{ord(character):04X} cannot be seen" in found.message


@pytest.mark.parametrize(
    "character", [pytest.param(character, id=name) for name, character in BLANKS.items()]
)
def test_a_character_that_looks_like_nothing_is_refused(character):
    assert unicodedata.category(character) not in INVISIBLE
    (found,) = refusals(f"see{character}n")

    assert f"U+{ord(character):04X}" in found.message
    assert step_with(f"see{character}n") is None


@pytest.mark.parametrize("joiner", ["\u200d", "\ufe0f"])
@pytest.mark.parametrize(
    ("category", "before"), [pytest.param(*each, id=each[0]) for each in BEFORE_JOINERS.items()]
)
def test_a_joiner_of_emoji_is_accepted_behind_what_emoji_are_made_of(joiner, category, before):
    assert unicodedata.category(before) == category
    assert refusals(f"a{before}{joiner}") == ()


@pytest.mark.parametrize("joiner", ["\u200d", "\ufe0f"])
@pytest.mark.parametrize("before", ["", "a", "\u00e9", "\u65e5", " ", "-", "$"])
def test_a_joiner_of_emoji_is_refused_everywhere_else(joiner, before):
    assert len(refusals(f"{before}{joiner}x")) == 1


def test_a_joiner_is_not_excused_by_the_end_of_the_line_before():
    assert [each.line for each in refusals("\u2764\n\ufe0f")] == [2]


def test_each_line_that_hides_something_is_refused_once():
    assert [each.line for each in refusals("a\u200bb\u200b\nplain\n\u00e9\n\u200b")] == [1, 4]


@pytest.mark.parametrize("text", ["make:\n\tgo build", "a\tb", "\u00e9\tb"])
def test_a_step_with_a_tab_is_read_as_it_is_written(text):
    assert refusals(text) == ()
    assert step_with(text) == StepContent("one", "One", text)


@pytest.mark.parametrize(
    "control", [chr(code) for code in (*range(0x20), 0x7F) if code not in (9, 10)]
)
def test_every_other_control_character_is_refused(control):
    assert len(refusals(f"a{control}b")) == 1
