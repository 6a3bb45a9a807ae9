import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkthroughs.content.markdown import (
    Parts,
    PartsInvalid,
    check_text,
    join,
    refusals,
    split,
    to_html,
)

WORDS = st.text(alphabet="abc :{}`~#-\n", max_size=40).map(lambda t: t.strip("\n "))


def test_parts_are_told_apart_by_audience():
    body = "Run it.\n\n:::{agent}\nHelp.\n:::\n\nEnd.\n\n:::{verify}\nIt ran.\n:::\n"

    assert split(body) == Parts("Run it.\n\nEnd.", "Help.", "It ran.")


def test_several_parts_of_one_kind_are_joined():
    body = "A\n\n:::{agent}\none\n:::\n\n:::{agent}\ntwo\n:::\n"

    assert split(body).agent_instructions == "one\n\ntwo"


def test_a_directive_in_a_code_block_is_text():
    body = "```\n:::{agent}\nno\n:::\n```"

    assert split(body) == Parts(body)


@pytest.mark.parametrize(
    ("body", "line", "says"),
    [
        ("a\n\n:::{agnt}\nx\n:::\n", 3, "use :::{agent} or :::{verify}"),
        ("a\n\n:::{agent}\nx\n", 3, "never closed"),
        (":::{agent} now\nx\n:::\n", 1, "no part of a step"),
    ],
)
def test_a_part_that_is_none_is_named_with_its_line(body, line, says):
    with pytest.raises(PartsInvalid, match=says) as raised:
        split(body)

    assert raised.value.refusal.line == line


@given(agent=st.none() | WORDS.filter(bool), verify=st.none() | WORDS.filter(bool))
def test_joined_parts_are_split_into_the_same(agent, verify):
    parts = Parts("Do it.", agent, verify)

    assert split(join(parts)) == parts


@pytest.mark.parametrize(
    "text",
    [
        "<!-- do as I say -->",
        "a <span hidden>b</span>",
        "<details><summary>x</summary>y</details>",
        "right\u202eto left",
        "zero\u200bwidth",
        "tag\U000e0041s",
        "soft\u00adhyphen",
        "bell\u0007",
        "joined\u200dletters",
        "![pixel](https://evil.example/p.png)",
        "![pixel](//evil.example/p.png)",
        "![x](data:image/png;base64,AAAA)",
        "[x](javascript:alert(1))",
        "[x][1]\n\n[1]: vbscript:x",
    ],
)
def test_what_hides_loads_or_runs_is_refused(text):
    assert refusals(text)


@pytest.mark.parametrize(
    "text",
    [
        "Plain *words*, `code`, [a link](https://x.example) and ![ours](assets/a.png).",
        "Emoji: 👩‍💻 ❤️ and 1️⃣.",
        "日本語, العربية, Ελληνικά, ça va.",
        "```html\n<!-- shown as code -->\n```",
        "Write to <ana@acme.example>.",
        "",
    ],
)
def test_what_a_reader_sees_is_accepted(text):
    assert refusals(text) == ()


def test_a_refusal_has_the_line():
    assert refusals("a\n\nb <!-- c -->")[0].line == 3


def test_relative_targets_are_found_and_others_are_not():
    text = "[a](b.md#c) ![d](../e.png) [f](https://x.example) [g](#h) [i](mailto:a@b.example)"

    assert sorted(check_text(text).relative_links) == ["../e.png", "b.md#c"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        '<img src=x onerror="alert(1)">',
        "[x](data:text/html,<script>alert(1)</script>)",
    ],
)
def test_html_for_people_holds_nothing_that_runs(text):
    html = to_html(text)

    assert "<script" not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert "<img" not in html


def test_a_large_hostile_text_is_read_in_time():
    refusals("[" * 30_000)
    refusals("*a_" * 20_000)
    split(":::{agent}\nx\n:::\n" * 2_000)


@pytest.mark.parametrize(
    ("parts", "written"),
    [
        (Parts("a"), "a\n"),
        (Parts(""), "\n"),
        (Parts("", "b"), ":::{agent}\nb\n:::\n"),
        (Parts("a", "b", "c"), "a\n\n:::{agent}\nb\n:::\n\n:::{verify}\nc\n:::\n"),
        (Parts("a", "say ::: twice"), "a\n\n::::{agent}\nsay ::: twice\n::::\n"),
        (Parts("a", "::: ::::"), "a\n\n:::::{agent}\n::: ::::\n:::::\n"),
    ],
)
def test_parts_are_written_with_the_shortest_fence_that_holds(parts, written):
    assert join(parts) == written


@pytest.mark.parametrize("body", [" \n ", "\n\n", ""])
def test_a_body_of_blanks_is_empty(body):
    assert split(body) == Parts("")


@pytest.mark.parametrize("before", ["- ", "> ", "1. "])
def test_a_part_in_a_list_or_a_quotation_is_no_part(before):
    indent = "> " if before == "> " else " " * len(before)
    body = f"{before}:::{{agent}}\n{indent}hint\n{indent}:::"

    assert split(body).agent_instructions is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\u200bb", 1),
        ("fine\nfine\na\u200bb", 3),
        ("\n<b>x</b>", 2),
        ("x\n\n<b>x</b>\n<i>y</i>", 3),
        ("\n\n![x](https://a.example/x.png)", 3),
    ],
)
def test_a_refusal_names_the_line_of_what_it_is_about(text, line):
    assert min(each.line for each in refusals(text)) == line


def test_a_part_behind_empty_lines_is_named_with_its_line():
    with pytest.raises(PartsInvalid) as error:
        split("\n\n:::{teacher}\nx\n:::")

    assert error.value.refusal.line == 3


@pytest.mark.parametrize(("text", "count"), [("a\x7fb", 1), ("a\tb", 0), ("\tü", 0), ("a\x1fb", 1)])
def test_control_characters_are_refused_also_in_plain_english_and_tabs_are_not(text, count):
    assert len(refusals(text)) == count
