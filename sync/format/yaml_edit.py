"""Change values of a YAML mapping in its text; the rest stays as it is written. Pure.

What it makes is not proven to be right: the caller reads it again, and writes a text of its own if
it says something else.
"""

from __future__ import annotations

from collections.abc import Sequence

import yaml

Value = str | int | Sequence[str]


class NotEditable(ValueError):
    """The text is spelt in a way that is not changed piece by piece."""


class MappingText:
    """The text of a block mapping, and the changes that are made in it.

    Args:
        text: YAML that `yaml_subset.load` accepts.
        order: keys, in the order that new ones are put in.

    Raises:
        NotEditable: it is no block mapping at the beginning of its lines.
    """

    def __init__(self, text: str, order: Sequence[str]) -> None:
        self.text, self._order = text if text.endswith("\n") else f"{text}\n", order
        node = yaml.compose(self.text, Loader=yaml.CSafeLoader)
        if not isinstance(node, yaml.MappingNode) or node.flow_style or node.start_mark.column:
            raise NotEditable
        self.pairs = {key.value: (key, value) for key, value in node.value}
        self._edits: list[tuple[int, int, str]] = []

    def set(self, key: str, value: Value | None) -> None:
        """Give *key* another value; none, or an empty list, takes it out.

        Raises:
            NotEditable: what is there is no text, or no list of texts.
        """
        is_empty = value is None or value == [] or value == ()
        if key not in self.pairs:
            if value is not None and not is_empty:
                self.insert(key, dump({key: value if isinstance(value, str | int) else [*value]}))
            return
        name, node = self.pairs[key]
        if value is None or is_empty:
            self.replace(name.start_mark.index, self.line_end(node_end(node)), "")
        elif isinstance(value, str | int):
            self.set_scalar(node, value)
        else:
            self._set_list(node, value)

    def set_scalar(self, node: yaml.Node, value: str | int) -> None:
        """Write *value* in place of a text.

        Raises:
            NotEditable: *node* is no text.
        """
        if not isinstance(node, yaml.ScalarNode):
            raise NotEditable
        start, end = node.start_mark.index, node.end_mark.index
        before = " " if self.text[start - 1 : start] == ":" else ""
        after = "\n" if self.text[start:end].endswith("\n") else ""
        self.replace(start, end, before + scalar(value) + after)

    def _set_list(self, node: yaml.Node, values: Sequence[str]) -> None:
        if not isinstance(node, yaml.SequenceNode):
            raise NotEditable
        start = node.start_mark.index
        if node.flow_style:
            self.replace(start, node.end_mark.index, flow(list(values)))
            return
        indent = " " * node.start_mark.column
        lines = "".join(f"{indent}- {scalar(each)}\n" for each in values)
        self.replace(self.line_start(start), self.line_end(node_end(node)), lines)

    def insert(self, key: str, lines: str) -> None:
        """Put whole *lines* where *key* belongs."""
        before = self._order[: self._order.index(key)]
        ends = [
            self.line_end(node_end(self.pairs[each][1])) for each in before if each in self.pairs
        ]
        first = min(name.start_mark.index for name, _ in self.pairs.values())
        at = ends[-1] if ends else first
        self.replace(at, at, lines)

    def replace(self, start: int, end: int, text: str) -> None:
        """Write *text* in place of the characters from *start* to *end*."""
        self._edits.append((start, end, text))

    def line_start(self, index: int) -> int:
        """Return where the line begins that *index* is in."""
        return self.text.rfind("\n", 0, index) + 1

    def line_end(self, index: int) -> int:
        """Return where the line ends that *index* is in, or that has ended right before it."""
        if index and self.text[index - 1] == "\n":
            return index
        found = self.text.find("\n", index)
        return len(self.text) if found < 0 else found + 1

    def result(self) -> str:
        """Return the changed text.

        Raises:
            NotEditable: two changes are in one place.
        """
        pieces: list[str] = []
        at = 0
        for start, end, text in sorted(self._edits, key=lambda edit: edit[:2]):
            if start < at:
                raise NotEditable
            pieces += [self.text[at:start], text]
            at = end
        return "".join([*pieces, self.text[at:]])


def node_end(node: yaml.Node) -> int:
    """Return where the last character of a node's text is: YAML counts what follows a block in."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return node_end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def scalar(value: str | int) -> str:
    """Return a text or a number as YAML that may stand behind a key or in a list."""
    return dump({"x": value})[2:].strip()


def flow(value: Sequence[object]) -> str:
    """Return a list as YAML in one line."""
    text: str = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1_000_000
    )
    return text.strip()


def dump(value: dict[str, object]) -> str:
    """Return a mapping as whole lines of YAML."""
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10_000)
    return text
