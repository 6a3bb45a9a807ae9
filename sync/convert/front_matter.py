"""The front matter of a tutorial's files: YAML, TOML, or the lines of a codelab. Pure."""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Mapping

from sync.convert.values import Notes
from sync.format import yaml_subset
from sync.layout import MAX_FILE_BYTES, MAX_FRONT_MATTER

_FENCE = re.compile(r"(---|\+\+\+)[ \t]*\n")
_CODELAB_LINE = re.compile(r"([A-Za-z][A-Za-z ]{1,30}):[ \t]*(.*)")
_CODELAB_KEYS = frozenset(
    {"analytics account", "author", "authors", "categories", "environments", "feedback link", "id",
     "keywords", "status", "summary", "tags", "url"}
)  # fmt: skip


def read_text(data: bytes) -> str | None:
    """Return a file's text with plain line ends; none if it is too large or no UTF-8."""
    if len(data) > MAX_FILE_BYTES:
        return None
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def front_of(data: bytes) -> Mapping[str, str]:
    """Return the texts of a file's front matter alone."""
    text = read_text(data)
    return split_front(text, Notes(""))[0] if text is not None else {}


def split_front(text: str, notes: Notes) -> tuple[Mapping[str, str], str, int]:
    """Return the texts of the front matter, what stands below it, and on which line that begins."""
    start = _FENCE.match(text)
    end = re.compile(rf"^{re.escape(start[1])}[ \t]*$", re.MULTILINE) if start else None
    closed = end.search(text, start.end()) if end and start else None
    if start is None or closed is None:
        return _codelab(text)
    front = text[start.end() : closed.start()]
    read = _toml if start[1] == "+++" else yaml_texts
    return read(front, notes), text[closed.end() :], text.count("\n", 0, closed.end()) + 1


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


def _codelab(text: str) -> tuple[Mapping[str, str], str, int]:
    """Take `key: value` lines of Google codelabs off the beginning, if `id` is among them."""
    front = {}
    lines = text.split("\n")
    for at, line in enumerate(lines[:40]):
        found = _CODELAB_LINE.fullmatch(line)
        if found and found[1].lower() in _CODELAB_KEYS:
            front[found[1].lower()] = found[2].strip()
        elif line.strip():
            is_codelab = "id" in front and len(front) > 1
            return (front, "\n".join(lines[at:]), at + 1) if is_codelab else ({}, text, 1)
    return {}, text, 1
