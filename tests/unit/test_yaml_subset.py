import pytest

from sync.yaml_subset import Mapping, Scalar, YamlRefused, load


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
        ("[" + "1," * 5_000 + "]", 1, "more than"),
    ],
)
def test_what_hurts_or_surprises_is_refused_with_its_line(text, line, says):
    with pytest.raises(YamlRefused, match=says) as raised:
        load(text)

    assert raised.value.line == line


def test_lines_count_from_where_the_text_stands_in_its_file():
    with pytest.raises(YamlRefused) as raised:
        load("a: 1\na: 2", first_line=10)

    assert raised.value.line == 11
