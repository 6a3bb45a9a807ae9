"""A step's parts as one text, and its HTML for people."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkthroughs.content.markdown import join, to_html, without_pictures
from walkthroughs.content.step_text import Parts, deliver, refusals

WORDS = st.text(alphabet="abc :{}`~#-\n", max_size=40).map(lambda t: t.strip("\n "))
ACCEPTED = WORDS.filter(lambda text: text and not refusals(text))


@given(agent=st.none() | ACCEPTED, verify=st.none() | ACCEPTED)
def test_joined_parts_are_split_into_the_same(agent, verify):
    parts = Parts("Do it.", agent, verify)
    again = deliver(join(parts))

    assert not again.is_refused
    assert again.parts == parts


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


def test_html_that_is_allowed_is_shown_as_such_and_what_is_not_as_text():
    assert to_html("Press <kbd>Ctrl</kbd>.") == "<p>Press <kbd>Ctrl</kbd>.</p>\n"
    assert "&lt;svg&gt;" in to_html("<svg> <kbd>x</kbd>")


def test_of_pictures_only_our_own_are_loaded_and_the_text_of_each_stands_for_it():
    name = f"{'0' * 64}.png"
    own, strange = f"![A fox](i/{name})", '![A & "b"](https://x.example/p.png)'
    assert to_html(own, "/pics") == f'<p><img src="/pics/i/{name}" alt="A fox"></p>\n'
    assert to_html(strange, "/pics") == '<p><img alt="A &amp; &quot;b&quot;"></p>\n'
    assert 'src="https://x.example/p.png"' in to_html(strange)
    link = to_html(f"[l](i/{name})", "/pics")
    assert f'<a href="i/{name}" rel="noopener">' in link
    words = [without_pictures(to_html(each)) for each in (own, strange, "![](https://x.example/p)")]
    assert [re.search(r">([^<]+)</span>", each)[1] for each in words] == [
        "A fox", "A &amp; &quot;b&quot;", "(a picture without a text)",
    ]  # fmt: skip
