"""Each field of a file is read or is one problem with its line, never both wrong and silent."""

import pytest

from sync.format.fields import Fields
from sync.format.yaml_subset import load

KNOWN = ("id", "minutes", "tags", "title", "status")


def read(text, use):
    """Return what *use* returns of the fields of *text*, and the problems as `line: message`."""
    problems = []
    value = use(Fields(load(text), "w.yml", problems, KNOWN))
    return value, [f"{problem.line}: {problem.message}" for problem in problems]


@pytest.mark.parametrize("text", ["- one\n- two", "only words"])
def test_what_is_no_mapping_is_one_problem(text):
    _, problems = read(text, lambda fields: None)

    assert problems == ["1: keys and values are expected here, such as `title: Sign in`"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("titel: x", '1: unknown key "titel"; did you mean "title"?'),
        ("id: x1\nzzz: x", '2: unknown key "zzz"; known keys: id, minutes, status, tags, title'),
        (f"{'k' * 70}: x", f'1: unknown key "{"k" * 60}"; known keys: id, minutes, status, tags, title'),
    ],
)  # fmt: skip
def test_an_unknown_key_is_told_with_the_one_that_was_meant(text, problem):
    assert read(text, lambda fields: None)[1] == [problem]


def test_of_two_keys_that_an_unknown_one_resembles_the_nearest_is_named():
    _, (problem,) = read("tag: x", lambda fields: None)

    assert problem.endswith('did you mean "tags"?')


@pytest.mark.parametrize(
    ("text", "value", "problems"),
    [
        ("title: Sign in", "Sign in", []),
        (f"title: {'x' * 200}", "x" * 200, []),
        (f"title: {'x' * 201}", "x" * 201, ['1: "title" must be one line of at most 200 letters']),
        ("title: |\n  a\n  b", "a\nb", ['1: "title" must be one line of at most 200 letters']),
        ("id: x1", "", ['1: "title" is missing; add a line `title: ...`']),
        ("title:\n- a", "", ['2: "title" must be a text', '1: "title" is missing; add a line `title: ...`']),
        ("title:\n  a: b", "", ['2: "title" must be a text', '1: "title" is missing; add a line `title: ...`']),
        ("title: Close issue #12", "Close issue", ['1: YAML takes "#12" for a comment; put the text in quotes: title: "Close issue #12", or the comment in a line of its own']),
        ('title: "Close issue #12"', "Close issue #12", []),
        ("titel: x", "", ['1: unknown key "titel"; did you mean "title"?']),
    ],
)  # fmt: skip
def test_a_title_is_one_line(text, value, problems):
    assert read(text, Fields.title) == (value, problems)


@pytest.mark.parametrize(
    ("text", "value"),
    [("minutes: 1", 1), ("minutes: 600", 600), ("id: x1", None)],
)
def test_a_whole_number_within_its_bounds_is_read(text, value):
    assert read(text, lambda fields: fields.integer("minutes", 1, 600)) == (value, [])


@pytest.mark.parametrize("number", ["0", "601", "01", "1.5", "-1", "ten", "1000000"])
def test_any_other_number_is_a_problem(number):
    value, problems = read(f"minutes: {number}", lambda fields: fields.integer("minutes", 1, 600))

    assert value is None
    assert problems == ['1: "minutes" must be a whole number from 1 to 600']


@pytest.mark.parametrize(
    ("text", "value"),
    [("tags: [a, b]", ("a", "b")), ("tags:\n  - a", ("a",)), ("id: x1", ()), ("tags: []", ())],
)
def test_a_list_of_words_is_read(text, value):
    assert read(text, lambda fields: fields.texts("tags")) == (value, [])


@pytest.mark.parametrize("text", ["tags: a", "tags: {a: b}", "tags: [a, [b]]", "tags: [a, '']"])
def test_what_is_no_list_of_words_is_one_problem(text):
    _, problems = read(text, lambda fields: fields.texts("tags"))

    assert problems == ['1: "tags" must be a list of words, such as [one, two]']


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("status: draft", []),
        ("id: x1", []),
        ("status: publish", ['1: "status" is "publish"; did you mean "published"?']),
        ("status: xyz", ['1: "status" is "xyz"; use draft or published']),
        (f"status: {'y' * 50}", [f'1: "status" is "{"y" * 40}"; use draft or published']),
    ],
)
def test_a_choice_is_one_of_the_allowed(text, problems):
    _, found = read(text, lambda fields: fields.choice("status", ("draft", "published")))

    assert found == problems


@pytest.mark.parametrize("name", ["x", "X1", "a_b", "-a", "x" * 64, "y" * 80])
def test_what_cannot_be_an_id_is_told_cut_to_what_fits(name):
    value, problems = read(f"id: {name}", Fields.id)

    assert value is None
    assert problems == [
        f'1: "{name[:70]}" cannot be an id: 2 to 63 small letters a-z, digits and hyphens, '
        "no hyphen first"
    ]
