"""Parts for the assistant are told apart from what learners see; what only looks like one is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkthroughs.content.problems import Severity
from walkthroughs.content.step_text import Parts, deliver, refusals

SECRET = "The answer is 42."


def errors(body):
    return [each for each in deliver(body).findings if each.severity is Severity.ERROR]


def test_parts_are_told_apart_by_audience():
    body = "Run it.\n\n:::{agent}\nHelp.\n:::\n\nEnd.\n\n:::{verify}\nIt ran.\n:::\n"

    assert deliver(body).parts == Parts("Run it.\n\nEnd.", "Help.", "It ran.")


def test_several_parts_of_one_kind_are_joined():
    body = "A\n\n:::{agent}\none\n:::\n\n:::{agent}\ntwo\n:::\n"

    assert deliver(body).parts.agent_instructions == "one\n\ntwo"


def test_a_part_in_a_code_block_is_text():
    body = "```\n:::{agent}\nno\n:::\n```"

    assert deliver(body).parts == Parts(body)


@pytest.mark.parametrize("body", [" \n ", "\n\n", ""])
def test_a_body_of_blanks_is_empty(body):
    assert deliver(body).parts == Parts("")


@pytest.mark.parametrize(
    ("body", "line", "says"),
    [
        ("a\n\n:::{agnt}\nx\n:::\n", 3, "use :::{agent}, :::{verify}, a note such as :::tip"),
        ("a\n\n:::{agent}\nx\n", 3, "never closed"),
        ("\n\n:::{teacher}\nx\n:::", 3, "is no part of a step"),
        (
            ":::{agent} now\nx\n:::\n",
            1,
            "no part for the assistant; write :::{agent} at the beginning",
        ),
        (":::agent\nx\n:::\n", 1, "write :::{agent}"),
        (":::{agent .x}\nx\n:::\n", 1, "write :::{agent}"),
        ("::: { verify }\nx\n:::\n", 1, "write :::{verify}"),
        (":::AGENT\nx\n:::\n", 1, "write :::{agent}"),
        (":::.agent\nx\n:::\n", 1, "write :::{agent}"),
        ("a\n  :::{agent}\n  x\n  :::\n", 2, "at the beginning of a line"),
        ("    :::{agent}\n    x\n    :::\n", 1, "at the beginning of a line"),
        ("1. a\n\n   :::{agent}\n   x\n   :::\n", 3, "outside of lists"),
        ("> :::{agent}\n> x\n> :::\n", 1, "outside of lists, quotes"),
        ("- :::{agent}\n  x\n  :::\n", 1, "outside of lists"),
        ("<div>\n:::agent\nx\n</div>\n", 2, "write :::{agent}"),
        (":::{agent}\n:::{verify}\nx\n:::\n:::\n", 2, "and other parts"),
        ("a\n\n:::\n", 3, "closes nothing"),
        (":::{agent}\nx\n::::\n", 3, "closes nothing"),
        ("::::: tip\nx\n::::\n", 1, 'end it with a line ":::::"'),
        (":::card\nx\n:::\n\n:::\n", 5, "closes nothing"),
        (":::{agent}\nx\n:::\n\ny\n:::\n", 6, "closes nothing"),
        ("```sh\nx\n```{{exec}}\n\n:::{agent}\ny\n:::\n", 1, "this code is never closed"),
        (":::{agent}\n```\nx\n:::\n", 1, "never closed"),
        ("- ~~~\n  x\n\ny\n", 1, "this code is never closed"),
    ],
)
def test_what_is_not_quite_a_part_is_refused_with_its_line(body, line, says):
    found = errors(body)

    assert any(each.line == line and says in each.message for each in found), found


def test_what_closes_something_that_is_refused_is_not_told_as_well():
    body = "::::: card\nx\n:::\n\n> :::{agent}\n> y\n> :::\n\n:::{verify}\nz\n:::\n"

    assert [each.line for each in errors(body)] == [1, 5]


@pytest.mark.parametrize(
    ("body", "agent"),
    [
        (
            f"a\n\n:::{{agent}}\n:::note\nb\n:::\n\n{SECRET}\n:::\n",
            f"> **Note**  \n> b\n\n{SECRET}",
        ),
        (f"a\n\n:::{{agent}}\n```md\n:::\n```\n{SECRET}\n:::\n", f"```md\n:::\n```\n{SECRET}"),
        (f"a\n\n::::{{agent}}\n:::tip\nb\n:::\n{SECRET}\n::::\n", f"> **Tip**  \n> b\n{SECRET}"),
        (f"a\n\n::: {{agent}}\n{SECRET}\n:::\n", SECRET),
        (f"a\n\n:::{{agent}}  \n{SECRET}\n:::  \n", SECRET),
    ],
)
def test_a_part_ends_where_its_author_ended_it(body, agent):
    delivered = deliver(body)

    assert delivered.findings == ()
    assert delivered.parts == Parts("a", agent)


PIECES = st.sampled_from(
    [
        ":::{agent}", ":::", "::::{verify}", "::::", ":::note", "::: {agent}", ":::agent", "```",
        "~~~", "> ", "- ", "  ", "    ", "text", "", "<div>", "`", "<!--", "-->", "!!! tip",
    ]
)  # fmt: skip
BODIES = st.lists(st.lists(PIECES, max_size=3).map("".join), max_size=12).map("\n".join)


@given(BODIES, st.integers(0, 3))
def test_what_is_in_a_part_is_in_it_or_its_step_is_refused(body, place):
    """However a part is surrounded, learners are not shown what it holds."""
    lines = body.split("\n")
    part = [":::{agent}", SECRET, ":::"]
    at = min(place, len(lines))
    delivered = deliver("\n".join([*lines[:at], *part, *lines[at:]]) + "\n")

    in_code = "```" in body or "~~~" in body
    if not delivered.is_refused and not in_code:
        assert SECRET not in delivered.parts.content


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (":::note\nx\n:::\n", "> **Note**  \n> x"),
        (
            ":::warning Hot water\nx\n\n- y\n:::\nz\n",
            "> **Warning: Hot water**  \n> x\n>\n> - y\nz",
        ),
        (":::tip[Title]\nx\n:::\n", "> **Tip: Title**  \n> x"),
        (":::{note}\nx\n:::\n", "> **Note**  \n> x"),
        ("- a\n\n  :::info\n  x\n  :::\n", "- a\n\n  > **Info**  \n  > x"),
        ('!!! danger "Stop"\n    x\n\n    y\n\nz\n', "> **Danger: Stop**  \n> x\n>\n> y\n\nz"),
        ("??? note\n    x\n", "> **Note**  \n> x"),
        ("!!! unknown\n    x\n", "!!! unknown\n    x"),
        ("!!! note\nplain\n", "> **Note**  \nplain"),
        ("!!! note\n    x\nplain\n    y\n", "> **Note**  \n> x\nplain\n    y"),
        (":::{agent}\nx\n:::\nplain\nmore\n", "plain\nmore"),
        ("<<<<<<<<\n", "<<<<<<<<"),
        ("```\n!!! note\n    x\n:::note\n```\n", "```\n!!! note\n    x\n:::note\n```"),
        ("::::note\n:::tip\nx\n:::\n::::\n", "> **Note**  \n> > **Tip**  \n> > x"),
    ],
)
def test_a_note_is_shown_as_a_quoted_note(body, shown):
    delivered = deliver(body)

    assert delivered.findings == ()
    assert delivered.parts.content == shown


@pytest.mark.parametrize(
    "body",
    [
        "!!! note\n\n    <script>x</script>\n",
        "`a\n:::note\n<script>x</script>\n:::\nb`\n",
        "!!! note\n    <!-- x\n",
    ],
)
def test_what_a_note_makes_of_its_text_is_read_as_well(body):
    assert errors(body)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("a\n<<<<<<< HEAD\nold\n=======\nnew\n>>>>>>> topic\n", 2),
        ("<<<<<<<\nold\n", 1),
        ("a\n||||||| base\nx\n", 2),
    ],
)
def test_a_merge_conflict_is_refused(body, line):
    assert errors(body)[0].line == line
    assert errors(f"```\n{body}```\n") == []
    assert errors("Title\n=======\n") == []


def test_a_part_where_there_is_a_field_for_it_is_refused():
    (found,) = refusals("a\n\n:::{agent}\nb\n:::\n")

    assert "fields of their own" in found.message


def test_many_parts_are_read_in_time():
    deliver(":::{agent}\nx\n:::\n" * 4_000)
    deliver(":::note\n" * 8_000)
    deliver("!!! note\n    x\n" * 4_000)
