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
