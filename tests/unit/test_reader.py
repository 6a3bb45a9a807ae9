"""Where code, HTML, links and pictures stand in a text: what is cut there is exactly that."""

import pytest

from walkthroughs.content.reader import read


def test_a_code_fence_is_closed_by_a_fence_of_its_own_marks():
    for text, fenced, opened in [
        ("```\na\n```", [0, 1, 2], []),
        ("```\n```", [0, 1], []),
        ("~~~~\na\n~~~\n~~~~", [0, 1, 2, 3], []),
        ("a\n\n```\nx\n\n``` \n", [2, 3, 4, 5], []),
        ("```", [0], [0]),
        ("~~~ ```", [0], [0]),
        ("b\n```\na", [1, 2], [1]),
        ("```\na\n```x", [0, 1, 2], [0]),
        ("> ```\n> x\n\nb\n```\n", [0, 1, 4], [0, 4]),
        ("> ```\n> x ```", [0, 1], [0]),
        ("```\nx ```", [0, 1], [0]),
    ]:
        reading = read(text)
        assert (sorted(reading.fenced), reading.open_fences) == (fenced, opened), text


@pytest.mark.parametrize(("text", "pieces"), [
    ("One <b>two</b> and <\nx", [(1, "<b>", True), (1, "</b>", True)]),
    ("<div>\na <b then\n</div>",
     [(1, "<div>", True), (2, "<b then\n</div>", False), (3, "</div>", True)]),
    ("<div>\n<!-- <b> --><i><?x?><![CDATA[<u>]]><3 <!-- \n</div>",
     [(1, "<div>", True), (2, "<!-- <b> -->", True), (2, "<i>", True), (2, "<?x?>", True),
      (2, "<![CDATA[<u>]]>", True), (2, "<!-- \n</div>", False), (3, "</div>", True)]),
    ("<div>\n" + "<b " + "x" * 50, [(1, "<div>", True), (2, "<b " + "x" * 37, False)]),
    ("<div\n", [(1, "<div\n", False)]),
    ("<div>\n<p", [(1, "<div>", True), (2, "<p", False)]),
    ("<div>\n<</b>", [(1, "<div>", True), (2, "</b>", True)]),
    ("a\nb <!-- c", [(2, "<!--", False)]),
    ("a `<!--` \\<!-- <!--", [(1, "<!--", False)]),
    ("a\n\nb\nc ![d <!-- e](f)", [(4, "<!--", False)]),
    ("x\n![p\n<i>q</i>](d.png)", [(3, "<i>", True), (3, "</i>", True)]),
    ("> a\n> <br>", [(2, "<br>", True)]),
])  # fmt: skip
def test_a_piece_of_html_is_told_with_its_line_and_stands_where_it_is_said(text, pieces):
    reading = read(text)

    assert [(piece.line, piece.text, piece.is_whole) for piece in reading.html] == pieces
    for piece in reading.html:
        start, end = piece.span()
        is_of_block = text.startswith("<")
        assert piece.is_inside == (is_of_block and piece is not reading.html[0])
        assert text[start:end] == piece.text


def test_a_link_and_its_definition_are_told_with_where_they_stand():
    text = (
        "> [k](l 'm')\n\nx ![n *o*](p.png) [q] [r][Q] [![s](t)](u)\n\n"
        "[q]: /v\n[q]: /w 'x'\n\n[ab]: <>\n\n[y]:\n  /z\\_\n\n[aa]: aa"
    )
    reading = read(text)

    def at(span):
        return span and text[slice(*span)]

    found = [
        (each.line, each.is_picture, each.target, at(each.span), at(each.target_span), each.label)
        for each in reading.links
    ]
    assert found == [
        (1, False, "l", "[k](l 'm')", "l", ""),
        (3, True, "p.png", "![n *o*](p.png)", "p.png", ""),
        (3, False, "/v", "[q]", None, "Q"),
        (3, False, "/v", "[r][Q]", None, "Q"),
        (3, False, "u", "[![s](t)](u)", "u", ""),
        (3, True, "t", "![s](t)", "t", ""),
    ]
    definitions = {
        label: (each.line, at(each.span), at(each.target_span))
        for label, each in reading.definitions.items()
    }
    assert definitions == {
        "Q": (5, "[q]: /v\n", "/v"),
        "AB": (8, "[ab]: <>\n", None),
        "Y": (10, "[y]:\n  /z\\_\n", None),
        "AA": (13, "[aa]: aa", "aa"),
    }
    assert reading.definitions["AA"].target_span == (len(text) - 2, len(text))
    (spare,) = reading.spare
    assert (spare.line, at(spare.span), at(spare.target_span)) == (6, "[q]: /w 'x'\n", "/w")


def test_what_is_nested_too_deep_or_holds_too_many_brackets_is_not_read():
    for depth, unread in [(99, {2}), (98, {2}), (97, set())]:
        assert set(read("a\n\n" + "> " * depth + "b").unread) == unread, depth
    brackets = "[" * 1_000
    assert read(f"{brackets}\n\n{brackets}\n\n[a").unread == [4]
    assert read(f"{brackets}\n\n{brackets}\n\n[").cost == 2_000_001
    assert read(f"{brackets}\n\n{brackets}").unread == []
    assert read("plain *text*").cost == 0
