"""Whole blocks of HTML that a step may not hold, to Markdown. Pure."""

from __future__ import annotations

import re
from collections import Counter

from bs4 import BeautifulSoup
from markdownify import markdownify

from sync.convert.body.tags import FORMS, FRAMES, KNOWN, REMOVED, Tag, find_tags
from sync.convert.code import blocks
from sync.convert.lines import Line, joined
from sync.convert.values import Notes
from walkthroughs.content.html_rules import ELEMENTS

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
     "source", "track", "wbr"}
)  # fmt: skip
#: Deeper HTML is left to the pass that looks at single tags.
_MAX_DEPTH = 60


def convert_html_blocks(lines: list[Line], notes: Notes) -> list[Line]:
    """Turn blocks that hold a refused element of HTML, and are complete, into Markdown."""
    text = joined(lines)
    if "<" not in text:
        return lines
    result, at = [], 0
    for token in blocks(text):
        if token.type != "html_block" or token.map is None or token.level:
            continue
        start, end = token.map
        source = joined(lines[start:end])
        tags = list(find_tags(source, source))
        refused = sorted({tag.name.lower() for tag in tags} - ELEMENTS)
        if refused and KNOWN.issuperset(refused) and _is_complete(tags):
            number = lines[start].number
            notes.add(number, _message(refused))
            result += [*lines[at:start], *_markdown(source, number)]
            at = end
    return [*result, *lines[at:]]


def _is_complete(tags: list[Tag]) -> bool:
    """Return whether each element ends in the block, none too deep in another."""
    depth = 0
    open_tags: Counter[str] = Counter()
    for tag in tags:
        name = tag.name.lower()
        if name in _VOID or tag.is_empty:
            continue
        step = -1 if tag.is_end else 1
        open_tags[name] += step
        depth += step
        if open_tags[name] < 0 or depth > _MAX_DEPTH:
            return False
    return not any(open_tags.values())


def _markdown(source: str, number: int) -> list[Line]:
    soup = BeautifulSoup(source, "html.parser")
    for element in soup.find_all(sorted(REMOVED)):
        element.decompose()
    for element in soup.find_all(sorted(FRAMES)):
        url = str(element.get("src") or "")
        title = str(element.get("title") or url)
        element.name = "a"
        element.attrs = {"href": url} if url.startswith(("https://", "http://")) else {}
        element.string = title
    text = markdownify(str(soup), heading_style="ATX", bullets="-").strip("\n")
    found = re.sub(r"\n{3,}", "\n\n", text).split("\n")
    return [Line("", number), *(Line(each.rstrip(), number) for each in found), Line("", number)]


def _message(refused: list[str]) -> str:
    if REMOVED.issuperset(refused):
        return f"HTML was left out with what is in it: {', '.join(refused)}"
    if FRAMES.issuperset(refused):
        return f"<{refused[0]}> became a link to what it shows"
    message = f"HTML ({', '.join(refused[:5])}) became Markdown"
    if set(refused) & FORMS:
        message += "; of the form only its text stays"
    lost = [name for name in refused if name in REMOVED]
    return f"{message}; left out: {', '.join(lost)}" if lost else message
