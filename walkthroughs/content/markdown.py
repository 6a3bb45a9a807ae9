"""A step's parts as one Markdown text, and its HTML for people. Pure."""

from __future__ import annotations

import html as html_module
import re
from functools import partial

import mistune
import nh3

from walkthroughs.content import html_rules
from walkthroughs.content.directives import AUDIENCES
from walkthroughs.content.pictures import PICTURE_NAME
from walkthroughs.content.step_text import Parts, refusals

#: A picture as the sanitizer writes it: values are quoted, and hold no quote.
_PICTURE = re.compile(r'<img(?: [\w:-]+="[^"]*")* ?/?>')
_ALT = re.compile(r' alt="([^"]*)"')
_LINK_SCHEMES = frozenset({"http", "https", "mailto"})


def join(parts: Parts) -> str:
    """Return one Markdown text that `step_text.deliver` takes apart into *parts* again."""
    pieces = [parts.content] if parts.content else []
    for name, text in zip(AUDIENCES, (parts.agent_instructions, parts.verify), strict=True):
        if text:
            fence = ":" * max(3, 1 + max(map(len, re.findall(r":{3,}", text)), default=0))
            pieces.append(f"{fence}{{{name}}}\n{text}\n{fence}")
    return "\n\n".join(pieces) + "\n"


def to_html(text: str, pictures: str | None = None) -> str:
    """Return HTML for people.

    A text that is accepted is shown with the HTML that it holds; that of any other is shown as
    text. Behind both stands an allow-list.

    Args:
        text: Markdown of a step.
        pictures: what the addresses of the walkthrough's pictures begin with. Pictures of other
            hosts are then shown as their text, so that a page asks nobody else for anything.
    """
    markdown = mistune.create_markdown(
        escape=bool(refusals(text)), plugins=["strikethrough", "table"]
    )
    return nh3.clean(
        str(markdown(text)),
        tags=set(html_rules.ELEMENTS),
        attributes={"*": set(html_rules.ATTRIBUTES)},
        attribute_filter=None if pictures is None else partial(_own_address, pictures),
        url_schemes=set(_LINK_SCHEMES),
        link_rel="noopener",
    )


def without_pictures(html: str) -> str:
    """Return what `to_html` has made with the text of each picture in its place."""
    return _PICTURE.sub(_words, html)


def _words(picture: re.Match[str]) -> str:
    text = _ALT.search(picture[0])
    words = html_module.escape(html_module.unescape(text[1])) if text else ""
    return f'<span class="picture-words">{words or "(a picture without a text)"}</span>'


def _own_address(pictures: str, element: str, attribute: str, value: str) -> str | None:
    """Return what an attribute is shown as: of addresses that load something, only our own."""
    if attribute not in html_rules.ADDRESSES or element == "a":
        return value
    name = value.removeprefix("i/")
    return f"{pictures}/i/{name}" if PICTURE_NAME.fullmatch(name) else None
