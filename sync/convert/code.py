"""Which parts of a Markdown text are code: nothing there is changed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache

from markdown_it.token import Token

from walkthroughs.content.markdown_parser import parser

#: Stands for each character of code; no text holds it when it is masked.
CODE = "\0"
#: Texts that are remembered: most changes of a page leave it as it is.
_KEPT = 4
_RUN_OR_TAG = re.compile(
    r"(?P<run>`+)|<[A-Za-z][\w.-]*(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]+))++\s*/?>"
)


@lru_cache(_KEPT)
def blocks(text: str) -> list[Token]:
    """Return the blocks of a Markdown text; the contents of paragraphs are not parsed."""
    return parser().parse(text)


@lru_cache(_KEPT)
def mask_code(text: str) -> str:
    """Return *text* with each character of code but line ends replaced by `CODE`."""
    lines = text.split("\n")
    if "`" not in text and "~~~" not in text and "    " not in text and "\t" not in text:
        return text
    tokens = blocks(text)
    coded = _code_lines(tokens, len(lines))
    for number in coded:
        lines[number] = CODE * len(lines[number])
    for start, end in _pieces(tokens, set(range(len(lines))) - coded):
        masked = _mask_spans("\n".join(lines[start:end]))
        lines[start:end] = masked.split("\n")
    return "\n".join(lines)


def code_lines(text: str) -> set[int]:
    """Return the numbers (from 0) of the lines of fences and indented code."""
    return _code_lines(blocks(text), text.count("\n") + 1)


def _code_lines(tokens: Sequence[Token], count: int) -> set[int]:
    maps = [token.map for token in tokens if token.type in {"fence", "code_block"} and token.map]
    return {number for start, end in maps for number in range(start, min(end, count))}


def _pieces(tokens: Sequence[Token], free: set[int]) -> list[tuple[int, int]]:
    """Return the lines of each paragraph and HTML block, and the other *free* ones singly."""
    pieces = []
    for token in tokens:
        if token.type not in {"inline", "html_block"} or token.map is None:
            continue
        start, end = token.map
        if free.issuperset(range(start, end)):
            pieces.append((start, end))
            free.difference_update(range(start, end))
    return [*pieces, *((number, number + 1) for number in free)]


def _mask_spans(text: str) -> str:
    if "`" not in text:
        return text
    pieces, at = [], 0
    for start, end in _spans(text):
        pieces.append(text[at:start])
        pieces.append(re.sub(r"[^\n]", CODE, text[start:end]))
        at = end
    return "".join([*pieces, text[at:]])


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where code spans start and end: a run of backticks to the next of the same length.

    A tag that begins before a backtick has it in an attribute.
    """
    by_length: dict[int, list[int]] = {}
    for run in re.finditer("`+", text):
        by_length.setdefault(len(run[0]), []).append(run.start())
    at = 0
    while found := _RUN_OR_TAG.search(text, at):
        at = found.end()
        if found["run"] is None:
            continue
        opening = found.start() + _is_escaped(text, found.start())
        length = at - opening
        same = by_length.get(length, [])
        later = bisect_right(same, opening)
        if length and later < len(same):
            at = same[later] + length
            yield opening, at


def _is_escaped(text: str, at: int) -> bool:
    before = text[max(0, at - 50) : at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1
