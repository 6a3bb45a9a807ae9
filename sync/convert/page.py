"""One file of a tutorial: its front matter, its title and the lines of its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markdown_it.token import Token

from sync.convert.characters import visible_text
from sync.convert.code import blocks
from sync.convert.front_matter import read_text, split_front
from sync.convert.lines import Line, joined, numbered, trimmed
from sync.convert.titles import plain_title
from sync.convert.values import Notes


@dataclass(frozen=True, slots=True)
class Page:
    """A file of a tutorial.

    Attributes:
        front: the texts of its front matter, by key in small letters.
        title: as its front matter or its first heading says it, which is then no part of lines.
    """

    path: str
    front: Mapping[str, str]
    title: str | None
    lines: list[Line]


def read_page(path: str, data: bytes, notes: Notes) -> Page | None:
    """Return what a file holds; none, and a note, if it cannot be read."""
    text = read_text(data)
    if text is None:
        notes.add(1, "the file is larger than 256 KiB or not UTF-8, and was left out")
        return None
    front, body, first = split_front(text, notes)
    return Page(path, front, *_titled(visible(numbered(body, first), notes), front))


def visible(lines: list[Line], notes: Notes) -> list[Line]:
    """Return the lines without the characters that nobody sees."""
    kept = []
    for line in lines:
        text = visible_text(line.text)
        if text != line.text:
            notes.add(line.number, "characters that nobody sees were taken out")
        kept.append(Line(text, line.number))
    return kept


def _titled(lines: list[Line], front: Mapping[str, str]) -> tuple[str | None, list[Line]]:
    """Return the page's title, and its lines without a first heading that says it."""
    title = plain_title(front.get("title", "")) or None
    tokens = [token for token in blocks(joined(lines)) if not token.level]
    first = next((token for token in tokens if not _stands_above(token, lines)), None)
    levels = [token.tag for token in tokens if token.type == "heading_open"]
    if first is None or first.type != "heading_open" or first.map is None:
        return title, trimmed(lines)
    start, end = first.map
    said = plain_title(lines[start].text.lstrip(" #"))
    if first.tag == "h1" or said == title or min(levels) == first.tag < min([*levels[1:], "h7"]):
        return title or said or None, trimmed([*lines[:start], *lines[end:]])
    return title, trimmed(lines)


def _stands_above(token: Token, lines: list[Line]) -> bool:
    """Return whether a block may stand above a title: a picture, a comment, imports of MDX."""
    if token.type == "paragraph_open" and token.map:
        return lines[token.map[0]].text.startswith("import ")
    return token.type in {"html_block", "paragraph_close"}
