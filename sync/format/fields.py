"""Reading fields of a YAML mapping, with one problem for each mistake. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from sync.format.yaml_subset import Mapping, Node, Scalar, Sequence, quoted
from walkthroughs.addresses import SLUG_PATTERN
from walkthroughs.content.characters import hidden_characters
from walkthroughs.content.limits import line_fault, number_fault, whole_number
from walkthroughs.content.problems import Problem

#: Unknown keys of one mapping that are told.
_MAX_UNKNOWN = 20
#: Texts for people, in which a "#" may be meant.
_PROSE = frozenset({"title", "description", "section"})


class Fields:
    """One mapping of a file; collects problems while it is read."""

    def __init__(
        self, node: Node, path: str, problems: list[Problem], known: Iterable[str]
    ) -> None:
        self.path, self.problems = path, problems
        self.mapping = node if isinstance(node, Mapping) else Mapping({}, {}, node.line)
        if not isinstance(node, Mapping):
            self.add_problem(
                node.line, "keys and values are expected here, such as `title: Sign in`"
            )
        known = sorted(known)
        #: Keys that an unknown key probably meant; do not report them as missing too.
        self._probably_meant: set[str] = set()
        unknown = [key for key in self.mapping.items if key not in known]
        for key in unknown[:_MAX_UNKNOWN]:
            near = get_close_matches(key, known, n=1)
            self._probably_meant.update(near)
            hint = f'did you mean "{near[0]}"?' if near else f"known keys: {', '.join(known)}"
            self.add_problem(self.mapping.key_lines[key], f'unknown key "{key[:60]}"; {hint}')
        if more := unknown[_MAX_UNKNOWN:]:
            line = self.mapping.key_lines[more[0]]
            self.add_problem(line, f"and {len(more):,} more unknown keys")

    def add_problem(self, line: int, message: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.path, line, message))

    def line(self, key: str) -> int:
        """Return the line of a key, or of the mapping if the key is missing."""
        return self.mapping.key_lines.get(key, self.mapping.line)

    def text(self, key: str) -> str | None:
        """Return a text; none if it is missing or empty."""
        node = self.mapping.items.get(key)
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self.add_problem(node.line, f'"{key}" must be a text')
            return None
        for refusal in hidden_characters(node.text):
            self.add_problem(node.line, refusal.message)
        if node.comment and key in _PROSE:
            whole = f"{key}: {quoted(f'{node.text} {node.comment}')}"
            self.add_problem(
                node.line,
                f'YAML takes "{node.comment[:40]}" for a comment; put the text in quotes: {whole}, '
                "or the comment in a line of its own",
            )
        return node.text.strip() or None

    def title(self, key: str = "title") -> str:
        """Return a required text of one line."""
        text = self.text(key)
        if text is None:
            self.refuse_missing(key, f"add a line `{key}: ...`")
            return ""
        if fault := line_fault(key, text):
            self.add_problem(self.line(key), fault)
        return text

    def id(self, key: str = "id") -> str | None:
        """Return a required id."""
        text = self.text(key)
        if text is None:
            self.refuse_missing(key, f"add a line `{key}: ...` or run `content lint --fix`")
            return None
        return text if self.check_id(text, self.line(key)) else None

    def refuse_missing(self, key: str, what_to_do: str) -> None:
        """Note that a key is missing, unless a misspelt one was noted for it."""
        if key not in self._probably_meant:
            self.add_problem(self.line(key), f'"{key}" is missing; {what_to_do}')

    def check_id(self, text: str, line: int) -> bool:
        """Return whether *text* can be an id, else note why not."""
        if SLUG_PATTERN.fullmatch(text):
            return True
        self.add_problem(
            line,
            f'"{text[:70]}" cannot be an id: 2 to 63 small letters a-z, digits and hyphens, '
            "no hyphen first",
        )
        return False

    def integer(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number within bounds; none if it is missing."""
        text = self.text(key)
        if text is None:
            return None
        number = whole_number(text, low, high)
        if number is None:
            self.add_problem(self.line(key), number_fault(key, low, high))
        return number

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; empty if it is missing."""
        node = self.mapping.items.get(key, Sequence((), 0))
        items = node.items if isinstance(node, Sequence) else ()
        texts = tuple(item.text.strip() for item in items if isinstance(item, Scalar))
        for text in texts:
            for refusal in hidden_characters(text):
                self.add_problem(node.line, refusal.message)
        if not isinstance(node, Sequence) or len(texts) != len(items) or not all(texts):
            self.add_problem(node.line, f'"{key}" must be a list of words, such as [one, two]')
        return texts

    def choice(self, key: str, allowed: tuple[str, ...]) -> str | None:
        """Return one of *allowed*; none if it is missing."""
        text = self.text(key)
        if text is not None and text not in allowed:
            near = get_close_matches(text, allowed, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"use {' or '.join(allowed)}"
            self.add_problem(self.line(key), f'"{key}" is "{text[:40]}"; {hint}')
        return text
