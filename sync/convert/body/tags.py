"""The HTML tags of a text, outside code and comments. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sync.convert.code import CODE
from walkthroughs.content.html_rules import ELEMENTS, REFUSED

#: Elements whose content is no text.
REMOVED = frozenset({"script", "style", "svg", "math", "template", "noscript", "object", "head"})
#: Elements that show another document: a link stands for them.
FRAMES = frozenset({"iframe", "embed", "audio", "frame"})
FORMS = frozenset(
    {"form", "input", "select", "option", "optgroup", "textarea", "button", "label", "fieldset",
     "legend"}
)  # fmt: skip
#: Elements of HTML that only lay out what stays.
LAYOUT = frozenset(
    {"acronym", "address", "area", "article", "aside", "base", "bdo", "big", "body", "data",
     "dialog", "font", "footer", "header", "hgroup", "html", "link", "main", "map", "marquee",
     "menu", "meta", "meter", "nav", "nobr", "output", "param", "progress", "rp", "search",
     "section", "strike", "time", "title", "track"}
)  # fmt: skip
KNOWN = ELEMENTS | REFUSED | REMOVED | FRAMES | FORMS | LAYOUT

_VALUE = r"\"[^\"\0]*\"|'[^'\0]*'|\{(?:[^{}\0]|\{[^{}\0]*\})*+\}|[^\s\"'=<>`{}\0]+"
TAG = re.compile(
    r"(?<!\\)<(?P<end>/?)(?P<name>[A-Za-z][\w.-]*)"
    rf"(?P<attributes>(?:(?:\s+|(?<=[\"']))(?:\{{[^{{}}\0]*\}}|[^\s\"'<>/=`{{}}\0]+(?:\s*=\s*(?:{_VALUE}))?))*+)"
    r"\s*(?P<empty>/?)>"
)
_ATTRIBUTE = re.compile(rf"([^\s\"'<>/={{}}]+)(?:\s*=\s*({_VALUE}))?")


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag where it stands in its text."""

    start: int
    end: int
    name: str
    attributes: str
    is_end: bool
    is_empty: bool


def find_tags(text: str, masked: str) -> Iterator[Tag]:
    """Yield the tags of *text* that are no code; *masked* is the text without code."""
    for found in TAG.finditer(without_comments(masked)):
        yield Tag(
            found.start(),
            found.end(),
            found["name"],
            text[slice(*found.span("attributes"))],
            bool(found["end"]),
            bool(found["empty"]),
        )


def attributes(tag: Tag) -> dict[str, str | None]:
    """Return a tag's attributes by name in small letters; none: it has no value."""
    values: dict[str, str | None] = {}
    for found in _ATTRIBUTE.finditer(tag.attributes):
        value = found[2]
        if value is not None and value[0] in "\"'":
            value = value[1:-1]
        values.setdefault(found[1].lower(), value)
    return values


def without_comments(text: str) -> str:
    """Return the text with HTML comments masked."""
    pieces, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
        pieces.append(text[at:start])
        pieces.append(re.sub(r"[^\n]", CODE, text[start : end + 3]))
        at = end + 3
    return "".join([*pieces, text[at:]])
