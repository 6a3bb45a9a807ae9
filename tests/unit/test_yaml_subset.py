import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.format.yaml_subset import Mapping, Scalar, YamlRefused, load


def test_every_word_stays_the_text_that_was_written():
    text = "a: no\nb: 012\nc: 1e3\nd: 2026-01-01\ne: 1:20\nf: ~\ng: 'x'"
    node = load(text)

    assert isinstance(node, Mapping)
    assert [item.text for item in node.items.values() if isinstance(item, Scalar)] == [
        "no", "012", "1e3", "2026-01-01", "1:20", "~", "x"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: &x 1\nb: *x", 1, "anchors"),
        ("a: 1\nb: *x", 2, "aliases"),
        ("a: !!python/object:os.system x", 1, "tags"),
        ("a:\n  <<: {b: 1}", 2, "merge keys"),
        ("a: 1\nb: 2\na: 3", 3, "twice"),
        ("{[1]: 2}", 1, "plain word"),
        ("a: 1\n---\nb: 2", 2, "second YAML document"),
        ("a: [1", 1, "not valid YAML"),
        ("a: b: c", 1, "quotes"),
        ("\tx: 1", 1, "not valid YAML"),
        ("", 1, "nothing"),
        ("[" * 50_000, 1, "nested deeper"),
        ("{a: " * 5_000, 1, "nested deeper"),
        ("[" + "1," * 21_000 + "]", 1, "more than"),
        ("title: [Deploy] it", 1, 'in quotes: title: "\\[Deploy\\] it"'),
        ("a: b\ntitle: [Deploy]", 2, "means something in YAML"),
        ("title: @home", 1, "means something in YAML"),
    ],
)
def test_what_hurts_or_surprises_is_refused_with_its_line(text, line, says):
    with pytest.raises(YamlRefused, match=says) as raised:
        load(text)

    assert raised.value.line == line


def test_sixteen_levels_and_twenty_thousand_elements_are_read_and_no_more():
    def read(text):
        try:
            return load(text)
        except YamlRefused as refused:
            return str(refused)

    assert not isinstance(read("[" * 16 + "]" * 16), str)
    assert "nested" in read("[" * 17 + "]" * 17)
    assert not isinstance(read(f"[{'[],' * 20}]"), str)
    around = 6  # the stream, the document and the list, each begun and ended
    assert not isinstance(read(f"[{'1,' * (20_001 - around)}]"), str)
    assert "more than" in read(f"[{'1,' * (20_002 - around)}]")


def test_lines_count_from_where_the_text_stands_in_its_file():
    with pytest.raises(YamlRefused) as raised:
        load("a: 1\na: 2", first_line=10)

    assert raised.value.line == 11


def test_a_mistake_is_told_where_it_is_in_the_file_and_a_comment_is_what_follows_a_word():
    with pytest.raises(YamlRefused) as raised:
        load("a: 1\nb: [1\n\n\n", first_line=10)
    assert raised.value.line == 11
    assert "quotes" not in str(raised.value)

    node = load("a: 'x' # c\nb: ['y', z] # d\ne: |\n  # f\ng: h", first_line=5)
    assert isinstance(node, Mapping)
    a, b, e, g = node.items.values()
    assert [(each.text, each.line, each.comment) for each in (a, *b.items, e, g)] == [
        ("x", 5, "# c"), ("y", 6, ""), ("z", 6, ""), ("# f\n", 7, ""), ("h", 9, ""),
    ]  # fmt: skip


_WORDS = st.text("abzAZ019éßЖ中 _-.,:'\"#&*!?()[]{}|>%@`\t\\/~=<+", max_size=12)
_KEYS = st.text("ab_-Z1:", min_size=1, max_size=4)


@example([("a", "b"), ("b", "it's 1, (2) -/ c")])
@given(st.lists(st.tuples(_KEYS, _WORDS), max_size=4))
def test_plain_lines_are_read_as_any_yaml_is(pairs):
    text = "\n".join(f"{key}: {words}" for key, words in pairs)

    # A comment is YAML's business, so the same lines with one behind them go the long way.
    assert _read(text) == _read(f"{text}\n# a comment")


def _read(text):
    try:
        return load(text)
    except YamlRefused as error:
        return str(error)
