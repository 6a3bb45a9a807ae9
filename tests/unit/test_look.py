"""What is cut from a text, what stays, and what its author is told of it."""

import pytest

from walkthroughs.content.look import Resolved
from walkthroughs.content.problems import Severity
from walkthroughs.content.step_text import deliver, refusals

NOTE = "a comment, which nobody is shown: it is left out"
ENDS_TWICE = "a comment that readers end at different places; remove it"
NEVER_ENDS = 'a comment that its block does not close; end it with "-->", or remove it'


@pytest.mark.parametrize(("text", "content", "findings"), [
    ("<!---->\na", "a", [(1, NOTE)]),
    ("<!--a> x-->\nb", "b", [(1, NOTE)]),
    ("a\n<!-- b -->", "a", [(2, NOTE)]),
    ("a\nb <!-- c --> d", "a\nb  d", [(2, NOTE)]),
    ("a <!-- b --!>-->", None, [(1, ENDS_TWICE)]),
    ("a\nb <!-- c\n\nd -->", None, [(2, NEVER_ENDS)]),
    ("a\n\n<!-- b\nc", None, [(3, NEVER_ENDS)]),
    ("a <!-- b --> <svg>", None,
     [(1, NOTE), (1, "<svg> is not shown or runs something; write Markdown, or put it in backticks")]),
    ("|a|\n|-|\n|<!-- x \\| y -->|", None,
     [(3, NOTE), (3, "this cannot be taken apart here; write it in one line, by itself")]),
    ("a\n\n``<!-- b -->`\nc", "a\n\n```\nc",
     [(1, "what is cut here leaves something behind that cannot be delivered; write it out"),
      (3, NOTE)]),
    ("a <!-- b --> ![c](https://x.example/d.png)", "a  ![c](https://x.example/d.png)",
     [(1, NOTE),
      (1, "a picture of another host, which may change or vanish; better put it beside the step")]),
    ("a\n\nexport is a [word](https://x.example)", None, []),
    ("```\nimport a from 'b'\n```\n[c](https://x.example)", None, []),
    ("    import a from 'b'\n[c](https://x.example)", None, []),
    ("a </p> <b>b</b>", None, []),
    ("a\n\n" + "> " * 120 + "[b](https://x.example)", None,
     [(3, "too many brackets, lists or quotes in one block; write several")]),
])  # fmt: skip
def test_what_is_cut_and_what_is_said_of_it(text, content, findings):
    delivered = deliver(f"\n\n{text}\n")

    assert sorted((each.line - 2, each.message) for each in delivered.findings) == sorted(findings)
    assert delivered.parts.content == (text if content is None else content)


def test_blanks_beside_a_part_are_nothing_and_parts_keep_their_lines():
    delivered = deliver("  \n\n:::{agent}\na\n:::\n \n:::{agent}\n\n<!-- b -->c\n:::\n")

    assert (delivered.parts.content, delivered.parts.agent_instructions) == ("", "a\n\nc")
    assert [each.line for each in delivered.findings] == [9]


def test_who_resolves_links_is_asked_with_their_texts_and_answers_within_others_are_left():
    asked = []

    def resolve(link):
        asked.append((link.line, link.is_picture, link.target, link.text))
        return Resolved(target="n.png") if link.is_picture else Resolved(text="gone")

    text = '[![s](t.png)](u.html) ![v][w] <img src=x.png alt="y">\n\n[w]: z.png'
    delivered = deliver(text, resolve).parts.content
    assert delivered == 'gone ![v][w] <img src=n.png alt="y">\n\n[w]: n.png'
    assert sorted(asked) == [
        (1, False, "u.html", "![s](t.png)"),
        (1, True, "t.png", "s"),
        (1, True, "x.png", "y"),
        (1, True, "z.png", "v"),
    ]


def test_where_no_file_stands_beside_a_text_its_author_is_told_what_to_write():
    told = [(each.line, each.message) for each in refusals(f"a\n[b]({'x' * 101})")]
    assert told == [(2, f'"{"x" * 100}" is no address; write that, with https://')]
    told = [each.message for each in refusals("![a](shot.png)")]
    assert told == ['"shot.png" is no address; write that of the picture, with https://']
    (finding,) = refusals("a\n\n:::{agent}\nb\n:::\n")
    assert (finding.line, finding.severity) == (1, Severity.ERROR)
    assert finding.message == "parts for the assistant have fields of their own; write them there"
