"""YAML as content files may use it: mappings, lists and plain words. Pure.

A scan of the events refuses what hurts or surprises before anything is built:
aliases (which multiply), tags, merge keys, deep nesting, duplicate keys. Every
scalar stays the text that the author wrote, so `no` and `012` are words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

_MAX_DEPTH = 16
#: A thousand steps, and the record of as many moves, for ever.
_MAX_EVENTS = 20_000
#: `key: some words` with no character that could mean anything in YAML.
_PLAIN_LINE = re.compile(r"([a-z_]{1,40}): ([^\W_](?:[\w ,.()/'?!-]*[\w,.()/'?!-])?)")
_MAX_PLAIN_LINES = 20
#: A text of prose that begins with a sign of YAML, in the line of its key.
_PROSE = re.compile(r" {0,4}(?:- )?(title|description|section): +([`@*\[{%&!\"'].*?) *\Z")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A word with the line (from 1) where it stands.

    Attributes:
        comment: what follows it in its line, which YAML takes for a comment, `#` included.
    """

    text: str
    line: int
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys in the author's order."""

    items: dict[str, Node]
    key_lines: dict[str, int]
    line: int


Node = Scalar | Sequence | Mapping


class YamlRefused(ValueError):
    """Text that is not acceptable YAML; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def load(text: str, first_line: int = 1) -> Node:
    """Return the one document in *text*.

    Args:
        text: at most some 16 KiB, by the caller's check.
        first_line: the number of the text's first line in its file.

    Raises:
        YamlRefused: with the line and what to write instead.
    """
    plain = _plain(text, first_line)
    if plain is not None:
        return plain
    try:
        events = _checked(text, first_line)
    except YamlRefused as error:
        _refuse_unquoted(text, first_line, error.line)
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # What is missing at the end is noticed behind the last line.
        line = first_line + min(mark.line if mark else 0, text.rstrip("\n").count("\n"))
        _refuse_unquoted(text, first_line, line)
        hint = "; put a text with a colon in quotes" if "mapping values" in str(error) else ""
        raise YamlRefused(
            line, f"not valid YAML: {error.problem or error.context}{hint}"
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise YamlRefused(
            first_line, "not valid YAML: a character that it does not allow"
        ) from error
    if not events:
        raise YamlRefused(first_line, "nothing is written here")
    _refuse_unquoted(text, first_line)
    node, _ = _Builder(events, text.split("\n"), first_line).build(0)
    return node


def _plain(text: str, first_line: int) -> Mapping | None:
    """Return what the front matter of most steps is, some lines of plain words, else none.

    It reads in a tenth of the time what the scan would read the same.
    """
    items: dict[str, Node] = {}
    lines: dict[str, int] = {}
    for number, line in enumerate(text.removesuffix("\n").split("\n"), first_line):
        found = _PLAIN_LINE.fullmatch(line)
        if found is None or found[1] in items or len(items) == _MAX_PLAIN_LINES:
            return None
        items[found[1]], lines[found[1]] = Scalar(found[2], number), number
    return Mapping(items, lines, first_line)


def _checked(text: str, first_line: int) -> list[yaml.Event]:
    events: list[yaml.Event] = []
    depth = documents = 0
    for number, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        line = first_line + (event.start_mark.line if event.start_mark else 0)
        if number > _MAX_EVENTS:
            raise YamlRefused(line, f"more than {_MAX_EVENTS} YAML elements")
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise YamlRefused(line, f"nested deeper than {_MAX_DEPTH} levels")
        if documents > 1:
            raise YamlRefused(line, "a second YAML document; a file holds one")
        _refuse_references(event, line)
        if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            events.append(event)
    return events


def _refuse_references(event: yaml.Event, line: int) -> None:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise YamlRefused(line, "anchors and aliases (& and *) are not allowed; write it out")
    if getattr(event, "tag", None):
        raise YamlRefused(line, "tags (!) are not allowed; remove it")


class _Builder:
    """Makes nodes of events."""

    def __init__(self, events: list[yaml.Event], lines: list[str], first_line: int) -> None:
        self._events, self._lines, self._first_line = events, lines, first_line
        self._has_comments = any("#" in line for line in lines)

    def build(self, at: int) -> tuple[Node, int]:
        """Return the node that starts at *at*, and where the next one starts."""
        event = self._events[at]
        line = self._first_line + (event.start_mark.line if event.start_mark else 0)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, line, self._comment(event)), at + 1
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            at += 1
            while not isinstance(self._events[at], yaml.SequenceEndEvent):
                item, at = self.build(at)
                items.append(item)
            return Sequence(tuple(items), line), at + 1
        return self._mapping(at + 1, line)

    def _comment(self, event: yaml.ScalarEvent) -> str:
        if not self._has_comments or event.style in {"|", ">"} or event.end_mark is None:
            return ""
        end = event.end_mark
        rest = self._lines[end.line][end.column :] if end.line < len(self._lines) else ""
        return rest.strip() if rest.lstrip().startswith("#") else ""

    def _mapping(self, at: int, line: int) -> tuple[Mapping, int]:
        items: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(self._events[at], yaml.MappingEndEvent):
            key, at = self.build(at)
            if not isinstance(key, Scalar):
                raise YamlRefused(key.line, "a key must be a plain word")
            if key.text == "<<":
                raise YamlRefused(key.line, "merge keys (<<) are not allowed; write it out")
            if key.text in items:
                raise YamlRefused(
                    key.line, f'"{key.text}" is here twice (first on line {lines[key.text]})'
                )
            lines[key.text] = key.line
            items[key.text], at = self.build(at)
        return Mapping(items, lines, line), at + 1


def quoted(text: str) -> str:
    """Return *text* as YAML takes it, whatever it begins with."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _refuse_unquoted(text: str, first_line: int, faulty: int | None = None) -> None:
    """Say how to write a text of prose that begins with a sign of YAML.

    Args:
        text: the document.
        first_line: of it, in its file.
        faulty: look only at this line, which YAML cannot read.
    """
    for number, line in enumerate(text.split("\n"), first_line):
        found = _PROSE.match(line) if faulty in {None, number} else None
        if found and (faulty or found[2][0] in "[{"):
            message = (
                f"a text that begins with {found[2][0]} means something in YAML; put it in "
                f"quotes: {found[1]}: {quoted(found[2])}"
            )
            raise YamlRefused(number, message)
