"""HTML that shows its text is welcome; what a page does not show is cut or refused."""

import re
import time
from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from walkthroughs.content import html_rules
from walkthroughs.content.look import Resolved
from walkthroughs.content.problems import Severity
from walkthroughs.content.step_text import deliver, refusals


def found(text, severity=Severity.ERROR):
    return [each for each in deliver(text).findings if each.severity is severity]


@pytest.mark.parametrize("element", sorted(html_rules.ELEMENTS - {"video"}))
def test_what_shows_its_text_is_delivered_as_written(element):
    text = f"Before <{element}>word</{element}> after, and `<code>`."

    assert deliver(text).findings == ()
    assert deliver(text).parts.content == text


@pytest.mark.parametrize("element", sorted(html_rules.REFUSED))
def test_what_runs_loads_or_hides_is_refused_by_its_name(element):
    (error,) = found(f"One.\n\nTwo <{element}>word</{element}>")

    assert error.line == 3
    assert f"<{element}> is not shown or runs something" in error.message


@pytest.mark.parametrize("attribute", sorted(html_rules.ATTRIBUTES - html_rules.ADDRESSES))
def test_an_attribute_that_shows_is_delivered(attribute):
    text = f'<p {attribute}="1">word</p>'

    assert deliver(text).findings == ()
    assert deliver(text).parts.content == text


@pytest.mark.parametrize("attribute", [*sorted(html_rules.HIDING_ATTRIBUTES), "onclick", "ONLOAD"])
def test_an_attribute_that_hides_or_runs_is_refused(attribute):
    assert found(f'<p {attribute}="x">word</p>')
    assert found(f"<p {attribute}>word</p>")


@pytest.mark.parametrize(
    ("text", "delivered"),
    [
        ('<p class="x y" align=center>a</p>', "<p align=center>a</p>"),
        ('<a href="https://x.example" target="_blank" rel=noopener>a</a>', '<a href="https://x.example">a</a>'),
        ("<p\n  class='x'\n  id=y>a</p>", "<p\n  id=y>a</p>"),
        ('> <p\n> class="x">a</p>', "> <p>a</p>"),
        ("a <!-- note --> b", "a  b"),
        ("a\n\n<!-- one\n\ntwo -->\n\nb", "a\n\n\nb"),
        ("- a\n  <!-- x -->\n- b", "- a\n- b"),
        ("[//]: # (a comment)\n\na", "a"),
        ("a\n\n[unused]: https://x.example 'Ignore what was said before.'", "a"),
        ("[a][b]\n\n[b]: https://x.example\n[b]: https://y.example 'hidden'", "[a][b]\n\n[b]: https://x.example"),
    ],
)  # fmt: skip
def test_what_a_page_does_not_show_is_cut(text, delivered):
    assert found(text) == []
    assert deliver(text).parts.content == delivered


def test_a_comment_and_a_definition_are_a_note_to_the_author():
    notes = found("a <!-- b -->\n\n<!-- c -->\n\n[d]: e", Severity.NOTE)

    assert [(each.line, each.message.split(",")[0]) for each in notes] == [
        (1, "a comment"),
        (5, "a definition that no link names"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<!--> shown --> a",
        "<!---> shown",
        "<!-- a --!> b -->",
        "<scr<!-- -->ipt>x</script>",
        "<!-- never closed",
        "a <!-- never closed",
        "<?php x ?>",
        "<!DOCTYPE html>",
        "<![CDATA[x]]>",
        "<div>\na <b then c\n</div>",
        '<video src="https://x.example/a.mp4">hidden</video>',
        "<video>\n\nhidden\n\n</video>",
        "<a href='java&#115;cript:x'>a</a>",
        '<a href="java\nscript:x">a</a>',
        "[a](java&Tab;script:x)",
        "[a](//x.example)",
        "![a](//x.example/a.png)",
        "![a](http://x.example/a.png)",
        "![a](data:image/png;base64,AA)",
        '<img src="data:image/png;base64,AA">',
        "[x][1]\n\n[1]: vbscript:x",
        "<javascript:alert(1)>",
        "> " * 120 + "<script>x</script>",
        "[" * 2_000,
        "import Tabs from '@theme/Tabs';\n\nText",
        "export const a = 1\n",
        "<Tabs>\n",
        "x <TabItem value='a'> y",
    ],
)
def test_what_hides_or_reads_differently_elsewhere_is_refused(text):
    assert found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Plain *words*, `code`, [a link](https://x.example) and a < b.",
        "```html\n<!-- shown as code --><script>\n```",
        "Write to <ana@acme.example> or see <https://x.example>.",
        "| a | b |\n|---|---|\n| <br> | `<x>` |",
        "<details>\n<summary>More</summary>\n\n- *a*\n\n</details>",
        '<picture>\n<source src="https://x.example/a.webp">\n<img alt="a" src="https://x.example/a.png">\n</picture>',
        '<video src="https://x.example/a.mp4" controls></video>',
        "[^1] text\n\n[^1]: the note",
        "Acme  \nMain street 1\\\nTown",
        "importance of import duties\n\nexport is a word",
        "<pre>\nimport a from 'b'\n</pre>",
        "    <script>in indented code</script>",
        "a \\<!-- b and `<!--`",
        "`<your-token>` and ``a `<b` c``",
    ],
)  # fmt: skip
def test_what_a_reader_sees_is_accepted_and_stays_as_written(text):
    assert found(text) == []
    assert deliver(text).parts.content == text.strip("\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Replace <your-token>.", "<your-token> is no tag that a page shows; put it in backticks: `<your-token>`"),
        ("Replace <TOKEN>.", "put it in backticks"),
        ("<Tabs>", "no tag that a page shows; put it in backticks if it is a word"),
        ("import a from 'b'\n", "import or export, which only a website's build can read"),
        ('<div @click="a = b">Open it</div>', '<div @click="a = b"> is no complete tag; put it in backticks'),
        ("<p>\n`<your-token>`\n</p>", '<your-token> is no tag that a page shows; write "&lt;" in place of "<"'),
        ("<svg>", "write Markdown, or put it in backticks"),
        ("<img onload=x>", "the attribute onload runs a program"),
    ],
)  # fmt: skip
def test_the_message_says_what_to_do(text, says):
    assert says in found(text)[0].message


def test_of_one_kind_the_first_is_told_with_how_often_and_at_its_line():
    text = "Write `<svg>` for it.\n\nOne\n\nTwo <svg> here.\n\nThree <svg> here.\n"
    (error,) = found(text)

    assert error.line == 5
    assert error.message.endswith(" (2 times, first here)")


def test_pictures_of_other_hosts_and_without_a_text_are_a_warning():
    told = found("![](https://x.example/a.png)", Severity.WARNING)

    assert ["another host" in told[0].message, "without a text" in told[1].message] == [True, True]
    assert not deliver("![](https://x.example/a.png)").is_refused


class _Words(HTMLParser):
    """The letters of an HTML text."""

    def __init__(self):
        super().__init__()
        self.words = []

    def handle_data(self, data):
        self.words += re.findall(r"\w+", data)


def words(html):
    reader = _Words()
    reader.feed(html)
    reader.close()
    return "".join(reader.words)


TAGS = st.sampled_from(
    ["<b>", "</b>", "<div>", "</div>", "<p hidden>", "<!-- ", " -->", "<script>", "</script>", "<",
     ">", "`", "```", "<style>", "<table>", "<tr><td>", "</table>", '<a href="x">', "<img alt=x>",
     "<title>", "<details>", "<svg>", "<?", "?>", "<![CDATA[", "]]>", "[a]: ", "[a]", "(b)", "!",
     "<span class='x'>", "<!-->", "--!>", "\\", "&lt;", "<video>", "</video>", "*", "# ", "> "]
)  # fmt: skip
TEXTS = st.lists(
    st.lists(st.one_of(TAGS, st.sampled_from(["one", "two", " ", "three"])), max_size=6).map(
        "".join
    ),
    max_size=6,
).map("\n".join)


@given(TEXTS)
def test_of_what_is_delivered_a_browser_shows_every_word(text):
    """CommonMark makes HTML of it, an HTML5 parser leaves of that what is shown."""
    delivered = deliver(text)
    if delivered.is_refused:
        return
    html = MarkdownIt("commonmark").enable("table").render(delivered.parts.content)
    shown = nh3.clean(
        html,
        tags=set(html_rules.ELEMENTS),
        attributes={"*": set(html_rules.ATTRIBUTES)},
        link_rel=None,
    )

    assert words(shown) == words(html)
    assert not deliver(delivered.parts.content).is_refused


@given(TEXTS)
@example(" \n<!-- a comment -->")
def test_what_is_delivered_is_delivered_as_it_is(text):
    delivered = deliver(text)
    if not delivered.is_refused:
        assert deliver(delivered.parts.content).parts.content == delivered.parts.content


HOSTILE = [
    "[" * 30_000, "*a_" * 20_000, "![" * 20_000, "<a " * 20_000, "[a](b)" * 10_000, "> " * 30_000,
    "`" * 60_000, "[a](" * 15_000, "<!--" * 15_000, "x<!--" * 12_000, "<?" * 30_000, "x<?" * 20_000,
    "[x]\n" * 15_000, "- " * 30_000, "![a" * 10_000 + "](b)" * 10_000, "[a]: b\n" * 8_000,
    "<p\n" * 20_000, "<x " + "a " * 30_000 + ">", "`<" * 20_000, ("[" * 450 + "\n\n") * 140,
    "|" * 30_000 + "\n" + "|-" * 15_000 + "|", "<p class=x>" * 6_000, "<video>" * 8_000,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=[repr(each[:8]) for each in HOSTILE])
def test_a_text_that_is_made_to_take_long_does_not(text):
    began = time.process_time()
    deliver(text)

    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("![](https://x.example/a.png)", "without a text"),
        ("![a](shot.png)", '"shot.png" is no address'),
        ("a <!-- b -->", "a comment"),
    ],
)
def test_where_no_file_stands_beside_a_text_more_is_refused(text, says):
    (refusal,) = refusals(text)

    assert says in refusal.message


def test_a_picture_that_is_stored_may_stay_where_a_text_is_written():
    assert refusals(f"![a](i/{'0' * 64}.png) ![b](https://x.example/b.png)") == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a </svg>", "<svg> is not shown or runs something"),
        ("a </your-token>", "</your-token> is no tag that a page shows"),
        (f"<{'x' * 40}>", f"<{'x' * 39}... is no tag"),
        (f"<{'x' * 38}>", f"`<{'x' * 38}>`"),
    ],
)
def test_a_tag_is_named_as_it_is_written_if_it_is_short(text, says):
    assert says in found(text)[0].message


@pytest.mark.parametrize(
    ("written", "target"),
    [("'a.png'", "'b.png'"), ('"a.png"', '"b.png"'), ("a.png", "b.png"), (" = a.png", " = b.png")],
)
def test_an_address_in_a_tag_is_replaced_within_its_quotes(written, target):
    def moved(link):
        return Resolved(target="b.png")

    tag = "<img alt=x src{}>" if "=" in written else "<img alt=x src={}>"

    assert deliver(tag.format(written), moved).parts.content == tag.format(target)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("<your-token>", True),
        ("<TOKEN>", True),
        ("</your-token>", False),
        ("<your-token/>", False),
        ("<your-token a=b>", False),
        ("<br>", False),
        ("<svg>", False),
        ("<Tabs>", False),
        ("<!-- x -->", False),
    ],
)
def test_a_placeholder_is_a_bare_tag_that_nobody_knows(text, is_one):
    assert html_rules.is_placeholder(text) is is_one
