"""Links by reference to links in place: a definition may end up in another step. Pure."""

from __future__ import annotations

import re

from sync.convert.code import mask_code
from sync.convert.lines import Edit, Found, Line, apply, joined, substitute

_DEFINITION = re.compile(
    r"^[ ]{0,3}\[(?P<label>[^\[\]\n^][^\[\]\n]{0,300})\]:[ \t]*\n?[ \t]*"
    r"(?P<url><[^<>\n\0]*>|[^\s\0<][^\s\0]*)"
    r"(?:[ \t]+(?:\"[^\"\n\0]*\"|'[^'\n\0]*'|\([^()\n\0]*\)))?[ \t]*$",
    re.MULTILINE,
)
_USE = re.compile(
    r"(?<!\\)\[(?P<text>(?:[^\[\]]|!?\[[^\[\]]{0,500}\](?:\([^()\n]{0,500}\))?){1,2000}+)\]"
    r"(?:\[(?P<label>[^\[\]]{0,300})\])?(?![(\[:])"
)


def inline_references(lines: list[Line]) -> list[Line]:
    """Return the lines with `[text][label]` written as `[text](url)`, without definitions."""
    text = joined(lines)
    if "]:" not in text:
        return lines
    urls: dict[str, str] = {}
    edits = []
    for found in _DEFINITION.finditer(mask_code(text)):
        urls.setdefault(_key(text[slice(*found.span("label"))]), text[slice(*found.span("url"))])
        edits.append(Edit(found.start(), found.end(), ""))
    if not urls:
        return lines

    def in_place(found: Found) -> str | None:
        url = urls.get(_key(found["label"] or found["text"]))
        return f"[{found['text']}]({url})" if url is not None else None

    # Twice: a picture by reference may be the text of a link by reference.
    lines = apply(lines, edits)
    return substitute(substitute(lines, _USE, in_place), _USE, in_place)


def _key(label: str) -> str:
    return " ".join(label.split()).casefold()
