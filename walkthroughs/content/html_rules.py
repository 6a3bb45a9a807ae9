"""The HTML that a step may hold: what every host of Markdown shows with its text visible. Pure.

Text reaches the assistant as it is written, so nothing that is allowed here may keep a text from
a reviewer of the rendered page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from markdown_it.common.html_re import attr_name, attr_value


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ELEMENTS = _words(
    "a abbr b bdi blockquote br caption center cite code col colgroup dd del details dfn div dl dt "
    "em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p picture pre q rt ruby s "
    "samp small source span strong sub summary sup table tbody td tfoot th thead tr tt u ul var "
    "video wbr"
)
#: Run, load or hide something, or ask for it.
REFUSED = _words(
    "applet audio base body button canvas datalist dialog embed fieldset font form frame frameset "
    "head html iframe input label legend link map area marquee math menu meta noframes noscript "
    "object optgroup option output param plaintext progress rp script select slot style svg "
    "template textarea title track xmp"
)
#: Delivered as written. All other attributes are cut, but for the refused ones.
ATTRIBUTES = _words(
    "align alt colspan controls datetime dir height href id lang media name open poster rowspan "
    "scope span src start title type valign value width"
)
#: Can hide a text. Attributes that begin with "on" run a program.
HIDING_ATTRIBUTES = _words("aria-hidden bgcolor color hidden inert popover srcdoc style")
#: Attributes that hold an address.
ADDRESSES = frozenset({"href", "poster", "src"})

_ATTRIBUTE = re.compile(rf"\s+({attr_name})(?:\s*=\s*({attr_value}))?")
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)")


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a tag.

    Attributes:
        name: in lower case.
        value: as a browser reads it; empty if there is none.
        start: where it begins in the tag, the blank before it included.
        end: where it ends.
        target: where its value stands in the tag, without quotes.
    """

    name: str
    value: str
    start: int
    end: int
    target: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tag:
    """An opening or closing tag, as CommonMark's grammar allows one.

    Attributes:
        name: as written.
        is_closing: it is `</name>`.
        attributes: in their order.
    """

    name: str
    is_closing: bool
    attributes: tuple[Attribute, ...]


def read_tag(text: str) -> Tag | None:
    """Return the tag that *text* is; none if it is a comment, a declaration or the like."""
    name = _NAME.match(text)
    if name is None:
        return None
    if text.startswith("</"):
        return Tag(name[1], is_closing=True, attributes=())
    attributes = tuple(
        Attribute(
            each[1].lower(),
            unescape(text[slice(*_target(text, each))]).strip(),
            each.start(),
            each.end(),
            _target(text, each),
        )
        for each in _ATTRIBUTE.finditer(text, name.end())
    )
    return Tag(name[1], is_closing=False, attributes=attributes)


def as_text(is_inside: bool) -> str:
    """Return how a tag is written that is text; *is_inside*: within a block of HTML."""
    return 'write "&lt;" in place of "<"' if is_inside else "put it in backticks"


def faults(tag: Tag, written: str, is_inside: bool = False) -> Iterator[tuple[str, str]]:
    """Yield (kind, message) for what is not allowed of a tag.

    Args:
        tag: what to look at.
        written: the tag as the author wrote it.
        is_inside: it stands within a block of HTML.
    """
    name, instead = tag.name.lower(), as_text(is_inside)
    if name in REFUSED:
        message = f"is not shown or runs something; write Markdown, or {instead}"
        yield f"<{name}>", f"<{name}> {message}"
    elif _is_component(tag.name):
        yield (
            "MDX",
            f"<{tag.name}> is no tag that a page shows; {instead} if it is a word; if it "
            "is a component of a website, write Markdown or convert it: flask content convert",
        )
    elif name not in ELEMENTS:
        shown = written if len(written) <= 40 else f"{written[:40]}..."
        example = "" if is_inside else f": `{shown}`"
        yield "unknown tag", f"{shown} is no tag that a page shows; {instead}{example}"
    for each in tag.attributes:
        if each.name.startswith("on"):
            yield "handler", f"the attribute {each.name} runs a program; remove it"
        elif each.name in HIDING_ATTRIBUTES:
            yield each.name, f"the attribute {each.name} can hide a text; remove it"


def is_placeholder(text: str) -> bool:
    """Return whether a tag stands for what a reader is to fill in, as `<your-token>` does."""
    tag = read_tag(text)
    if tag is None or tag.is_closing or tag.attributes or text.endswith("/>"):
        return False
    known = ELEMENTS | REFUSED
    return tag.name.lower() not in known and not _is_component(tag.name)


def _is_component(name: str) -> bool:
    """Return whether a tag is named as MDX names its components: `Tabs`, not `TOKEN`."""
    is_camel_case = name[0].isupper() and not name.isupper()
    return is_camel_case and name.lower() not in ELEMENTS | REFUSED


def dropped(tag: Tag) -> Iterator[tuple[int, int]]:
    """Yield where the attributes of *tag* stand that are not delivered."""
    for each in tag.attributes:
        if each.name not in ATTRIBUTES:
            yield each.start, each.end


def _target(text: str, found: re.Match[str]) -> tuple[int, int]:
    if found[2] is None:
        return found.end(), found.end()
    quoted = found[2][0] in "\"'"
    return found.start(2) + quoted, found.end(2) - quoted
