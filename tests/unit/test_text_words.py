"""The words that the dashboard's search finds walkthroughs by."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from walkthroughs.content.text_words import sought, text_words
from walkthroughs.content.values import StepContent, WalkthroughContent


def of(*texts, title=""):
    steps = tuple(StepContent(f"s{n}", "", text) for n, text in enumerate(texts))
    return text_words(WalkthroughContent("w", title, steps=steps)).split(" ")


def test_words_are_those_of_all_steps_in_small_letters_each_once():
    assert of("Peel the Quince.", "the `quince_2`, 100 %!", title="Über") == [
        "100", "peel", "quince", "quince_2", "the", "über",
    ]  # fmt: skip


def test_a_step_is_found_by_what_is_beside_its_text_too():
    step = StepContent("s", "One", "two", "three", agent_instructions="four", verify="five")
    content = WalkthroughContent("w", "Zero", "six", steps=(step,))

    assert set(text_words(content).split()) == {
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
    }


def test_each_letter_of_a_script_without_blanks_is_a_word():
    assert of("東京 tokyo") == ["tokyo", "京", "東"]
    assert sought("東京") == "東:* & 京:*"


def test_the_signs_that_are_the_vowels_of_such_a_script_tell_words_apart():
    assert sought("မီး") != sought("မား")
    assert sought("มี") == "ม:* & ี:*"


def test_a_search_asks_for_the_beginnings_of_its_words():
    assert sought("Multi-step “Quin") == "multi:* & step:* & quin:*"
    assert sought("% ' :* & | ! () \\") is None
    assert sought("a " * 5000 + " ".join(f"w{n}" for n in range(99))).count("&") == 11


@given(st.text(), st.text())
@example("", "ႂ")  # a sign, not a letter, of a script without blanks
def test_whatever_is_written_is_found_by_the_same_words_and_is_no_syntax(text, title):
    words = of(text, title=title)
    asked = (sought(f"{text} {title}") or "").split(" & ")

    assert {each.removesuffix(":*") for each in asked} <= set(words) | {""}
    # A sign or a mark of a script without blanks is a word by itself, as its letters are.
    assert all(re.fullmatch(r"\w{0,64}|[^\w\s&|!():*<>'\\]", word) for word in words)


def test_a_text_of_more_words_than_a_row_can_hold_is_noted_in_part():
    long = " ".join(f"{n}{'ж' * 60}" for n in range(30_000))
    words = of(long, "x" * 9_000_000)

    assert 1_000 < len(words) < 30_000
    assert len(" ".join(words).encode()) < 900_000


def test_the_last_words_that_fit_are_kept_and_the_first_letters_of_a_long_one():
    assert of("x" * 65) == ["x" * 64]
    fitting = [f"{number:06}" for number in range(70_000)]  # each takes ten bytes of 700,000
    words = of(" ".join(fitting), "one more")
    assert len(words) == 70_000
    assert set(words) == set(fitting)
