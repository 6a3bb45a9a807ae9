"""Change the list of steps in the text of a manifest; steps that stay keep their lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import yaml

from sync.format.yaml_edit import MappingText, NotEditable, flow, node_end, scalar

#: A step's file as the manifest names it, and its section.
Listed = tuple[str, str | None]


@dataclass
class _Section:
    """A section of the list as it is written.

    Attributes:
        title: its heading.
        files: what it lists.
        text: all its lines.
        head: the lines above its files, before and behind the heading; of a list in one line,
            what stands before it.
        tail: what stands behind a list in one line; none if it is not in one line.
        indent: how far its files are indented.
    """

    title: str
    files: list[str]
    text: str
    head: tuple[str, str]
    tail: str | None
    indent: str


def set_steps(manifest: MappingText, wanted: Sequence[Listed]) -> None:
    """Let the manifest list the *wanted* files, in this order.

    Raises:
        NotEditable: the list is spelt in a way that is not changed piece by piece.
    """
    key, node = manifest.pairs["steps"]
    if not isinstance(node, yaml.SequenceNode):
        raise NotEditable
    if node.flow_style:
        if any(section is not None for _, section in wanted):
            raise NotEditable
        start, end = node.start_mark.index, node.end_mark.index
        manifest.replace(start, end, flow([file for file, _ in wanted]))
        return
    begin = manifest.line_end(key.end_mark.index)
    written = _Written(manifest, node, begin)
    manifest.replace(begin, manifest.line_end(node_end(node)), written.text_of(wanted))


class _Written:
    """The list as it is written."""

    def __init__(self, manifest: MappingText, node: yaml.SequenceNode, begin: int) -> None:
        self._manifest = manifest
        self._indent = " " * int(node.start_mark.column)
        #: By file: its line, with the comment lines above it.
        self._lines: dict[str, str] = {}
        self._sections: list[_Section] = []
        for item in node.value:
            end = manifest.line_end(node_end(item))
            self._refuse_odd(item)
            if isinstance(item, yaml.ScalarNode):
                self._lines[item.value] = manifest.text[begin:end]
            elif isinstance(item, yaml.CollectionNode):
                self._sections.append(self._section(item, begin, end))
            begin = end

    def _refuse_odd(self, item: yaml.Node) -> None:
        """Refuse an item that does not stand in the line of its dash."""
        start = item.start_mark.index
        if self._manifest.text[self._manifest.line_start(start) : start].strip() != "-":
            raise NotEditable

    def _section(self, item: yaml.CollectionNode, begin: int, end: int) -> _Section:
        text = self._manifest.text
        pairs = {key.value: value for key, value in item.value}
        title, files = pairs["section"], pairs["steps"]
        if item.flow_style or item.value[-1][1] is not files:
            raise NotEditable
        names = [each.value for each in files.value]
        inner = self._manifest.line_end(item.value[-1][0].end_mark.index)
        starts = files.start_mark.index if files.flow_style else inner
        head = text[begin : title.start_mark.index], text[title.end_mark.index : starts]
        if files.flow_style:
            tail = text[files.end_mark.index : end]
            return _Section(title.value, names, text[begin:end], head, tail, "")
        for each in files.value:
            self._refuse_odd(each)
            after = self._manifest.line_end(node_end(each))
            self._lines[each.value] = text[inner:after]
            inner = after
        indent = " " * int(files.start_mark.column)
        return _Section(title.value, names, text[begin:end], head, None, indent)

    def text_of(self, wanted: Sequence[Listed]) -> str:
        """Return the lines of the list, as it is *wanted*."""
        groups = [
            (section, [file for file, _ in group])
            for section, group in groupby(wanted, key=lambda listed: listed[1])
        ]
        titles = {section for section, _ in groups}
        text = ""
        for section, files in groups:
            if section is None:
                text += "".join(self._line(file, self._indent) for file in files)
            else:
                text += self._text_of_section(section, files, titles)
        return text

    def _text_of_section(self, title: str, files: list[str], titles: set[str | None]) -> str:
        old = self._take(title, files, titles)
        if old is None:
            indent = f"{self._indent}  "
            lines = "".join(self._line(file, indent) for file in files)
            return f"{self._indent}- section: {scalar(title)}\n{indent}steps:\n{lines}"
        if (old.title, old.files) == (title, files):
            return old.text
        before, behind = old.head
        head = f"{before}{scalar(title)}{behind}"
        if old.tail is not None:
            return f"{head}{flow(files)}{old.tail}"
        return head + "".join(self._line(file, old.indent) for file in files)

    def _take(self, title: str, files: list[str], titles: set[str | None]) -> _Section | None:
        """Return the section of this title, or one that was renamed; each once."""
        same = [each for each in self._sections if each.title == title]
        renamed = [
            each
            for each in self._sections
            if each.title not in titles and set(each.files) & set(files)
        ]
        found = next(iter([*same, *renamed]), None)
        if found is not None:
            self._sections.remove(found)
        return found

    def _line(self, file: str, indent: str) -> str:
        """Return the line of a file and the comment lines above it, indented for their place."""
        lines = self._lines.get(file)
        if lines is None:
            return f"{indent}- {scalar(file)}\n"
        return "".join(f"{indent}{line.lstrip(' ')}" for line in lines.splitlines(keepends=True))
