"""CommonMark and tables, by markdown-it, with the places where inline things stand. Pure.

Mistune, which renders the preview, does not tell where in a text a thing stands; markdown-it
tells the lines of blocks, and the rules below add the places within them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference
from markdown_it.rules_inline import StateInline, autolink, html_inline, image, link
from markdown_it.token import Token

#: Quotes and lists in one another.
MAX_NESTING = 100
#: Shown as text if nothing closes it, and closed by chance in what is written later.
OPENS_COMMENT = "<!--"


@cache
def parser() -> MarkdownIt:
    """Return a parser that keeps addresses as written; it leaves inline content unparsed.

    Of the tokens of inline content, `meta["places"]` of those for links, pictures and HTML says
    where they begin and end, and where the address does, if it is there.
    """
    options = {"maxNesting": MAX_NESTING, "store_labels": True}
    made = MarkdownIt("commonmark", options).enable("table")
    made.disable(["emphasis", "newline", "entity"])
    made.core.ruler.disable("inline")  # whoever needs a block's content parses it
    made.normalizeLink = lambda url: url  # type: ignore[method-assign]
    made.validateLink = lambda url: True  # type: ignore[method-assign]
    rules = {"image": image, "link": link, "autolink": autolink, "html_inline": _html_inline}
    for name, rule in rules.items():
        made.inline.ruler.at(name, partial(_placed, rule))
    made.block.ruler.at("reference", _reference)
    return made


def _reference(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take `[^1]: note` for a footnote, not for a definition of a link."""
    at = state.bMarks[start] + state.tShift[start]
    return not state.src.startswith("[^", at) and reference(state, start, end, silent)


def _html_inline(state: StateInline, silent: bool) -> bool:
    """Take HTML, and what begins a comment that is never closed."""
    if html_inline(state, silent):
        return True
    if not state.src.startswith(OPENS_COMMENT, state.pos):
        return False
    if not silent:
        state.push("html_inline", "", 0).content = OPENS_COMMENT
    state.pos += len(OPENS_COMMENT)
    return True


def _placed(rule: Any, state: StateInline, silent: bool) -> bool:  # noqa: ANN401
    """Run a rule of the parser, and note where the thing that it found stands."""
    start, known, end = state.pos, len(state.tokens), state.posMax
    if not rule(state, silent):
        return False
    if not silent:
        made = next(_made(state.tokens[known:]), None)
        if made is not None:
            places = (start, state.pos, *_target_place(state, start, end, made))
            made.meta = {**made.meta, "places": places}
    return True


def _made(tokens: Sequence[Token]) -> Iterator[Token]:
    return (each for each in tokens if each.type in {"image", "link_open", "html_inline"})


def _target_place(state: StateInline, start: int, end: int, made: Token) -> tuple[int, ...]:
    """Return where the address stands in `[text](address)`; nothing for other forms."""
    source, helpers = state.src, state.md.helpers
    if made.type == "html_inline":
        return ()
    if source[start] == "<":
        return start + 1, state.pos - 1
    bracket = start + (made.type == "image")
    after, state.pos = state.pos, start
    label_end = helpers.parseLinkLabel(state, bracket, False)
    state.pos = after
    if made.type == "link_open":
        made.content = source[bracket + 1 : label_end]
    if source[label_end + 1 : label_end + 2] != "(" or source[after - 1] != ")":
        return ()
    at = label_end + 2
    while at < end and source[at] in " \t\n":
        at += 1
    found = helpers.parseLinkDestination(source, at, end)
    return (at, found.pos) if found.ok else ()
