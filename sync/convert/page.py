"""One file of a tutorial: its front matter, its title and the lines of its text."""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from markdown_it.token import Token

from sync.convert.characters import visible, visible_text
from sync.convert.code import blocks
from sync.convert.lines import Line, joined, numbered, trimmed
from sync.convert.values import Notes
from sync.format import yaml_subset
from sync.layout import MAX_FILE_BYTES, MAX_FRONT_MATTER, MAX_TITLE

_FENCE = re.compile(r"(---|\+\+\+)[ \t]*\n")
_CODELAB_LINE = re.compile(r"([A-Za-z][A-Za-z ]{1,30}):[ \t]*(.*)")
_CODELAB_KEYS = frozenset(
    {"analytics account", "author", "authors", "categories", "environments", "feedback link", "id",
     "keywords", "status", "summary", "tags", "url"}
)  # fmt: skip
#: The number that many names begin with.
NUMBER = re.compile(r"\A\d{1,4}(?:[-_. ]+|(?=[A-Za-z]{3}))(?=.)")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*[^()]*\)")
_HEADING_ID = re.compile(r"[ \t]*\{[#.:][^{}]*\}[ \t]*$")
_MARKS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|</?[A-Za-z][^<>]*>|#+[ \t]*$")


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


def read_text(data: bytes) -> str | None:
    """Return a file's text with plain line ends; none if it is too large or no UTF-8."""
    if len(data) > MAX_FILE_BYTES:
        return None
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_page(path: str, data: bytes, notes: Notes) -> Page | None:
    """Return what a file holds; none, and a note, if it cannot be read."""
    text = read_text(data)
    if text is None:
        notes.add(1, "the file is larger than 256 KiB or not UTF-8, and was left out")
        return None
    front, lines = _front_matter(text, notes)
    return Page(path, front, *_titled(visible(lines, notes), front))


def front_of(data: bytes) -> Mapping[str, str]:
    """Return the texts of a file's front matter alone."""
    text = read_text(data)
    return _front_matter(text, Notes(""))[0] if text is not None else {}


def _front_matter(text: str, notes: Notes) -> tuple[Mapping[str, str], list[Line]]:
    start = _FENCE.match(text)
    end = re.compile(rf"^{re.escape(start[1])}[ \t]*$", re.MULTILINE) if start else None
    closed = end.search(text, start.end()) if end and start else None
    if start is None or closed is None:
        return _codelab(numbered(text))
    rest = numbered(text[closed.end() :], text.count("\n", 0, closed.end()) + 1)
    front = text[start.end() : closed.start()]
    if start[1] == "+++":
        return _toml(front, notes), rest
    return yaml_texts(front, notes), rest


def yaml_texts(text: str, notes: Notes) -> Mapping[str, str]:
    """Return the texts of a YAML mapping by key in small letters; lists and more are left out."""
    if len(text) > MAX_FRONT_MATTER:
        notes.add(1, "the front matter is larger than 16 KiB, and was not read")
        return {}
    if not text.strip():
        return {}
    try:
        node = yaml_subset.load(text, first_line=2)
    except yaml_subset.YamlRefused as error:
        notes.add(error.line, f"the front matter was read as plain lines: {error}")
        found = re.findall(r"^([A-Za-z_]+):[ \t]*(\S.*)$", text, re.MULTILINE)
        return {key.lower(): value.strip().strip("\"'") for key, value in found}
    items = node.items.items() if isinstance(node, yaml_subset.Mapping) else ()
    return {key.lower(): each.text for key, each in items if isinstance(each, yaml_subset.Scalar)}


def _toml(text: str, notes: Notes) -> Mapping[str, str]:
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        notes.add(1, "the front matter is no valid TOML, and was not read")
        return {}
    return {key.lower(): str(each) for key, each in values.items() if isinstance(each, str | int)}


def _codelab(lines: list[Line]) -> tuple[Mapping[str, str], list[Line]]:
    """Take `key: value` lines of Google codelabs off the beginning, if `id` is among them."""
    front = {}
    for at, line in enumerate(lines[:40]):
        found = _CODELAB_LINE.fullmatch(line.text)
        if found and found[1].lower() in _CODELAB_KEYS:
            front[found[1].lower()] = found[2].strip()
        elif line.text.strip():
            return (front, lines[at:]) if "id" in front and len(front) > 1 else ({}, lines)
    return {}, lines


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


def words(name: str) -> str:
    """Return a file's or folder's name as a title."""
    spaced = re.sub(r"[-_]+", " ", NUMBER.sub("", name)).strip()
    return spaced[:1].upper() + spaced[1:]


def plain_title(text: str) -> str:
    """Return a heading's text without marks, in one line."""
    text = _LINK.sub(r"\1", _HEADING_ID.sub("", text.strip().removesuffix("\\")))
    text = " ".join(_MARKS.sub("", text).split())
    text = visible_text(text)
    return text[:MAX_TITLE].strip()
