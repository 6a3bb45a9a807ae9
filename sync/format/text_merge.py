"""Make a change of one text in another spelling of it, so that the rest keeps its spelling. Pure.

An author writes `[the next step](login.md)`; what is delivered says `*Sign in*`. A change of what
is delivered is made in what the author wrote: first by lines, then by words within a line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

#: Comparing takes the square of this, at worst. A step of 64 KiB has some 1,500 lines.
_MAX_PIECES = 2500
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


def merge_texts(before: str, after: str, written: str) -> str | None:
    """Return *written* with what changed from *before* to *after*; none if it cannot be said.

    Where *written* spells what changed differently, the words of *after* stand. The caller checks
    that the result means *after*: nothing here knows Markdown.
    """
    lines = [text.splitlines(keepends=True) for text in (before, after, written)]
    if max(map(len, lines)) > _MAX_PIECES:
        return None
    merged = _merge(*lines, is_lines=True)
    return None if merged is None else "".join(merged)


def _merge(
    before: Sequence[str], after: Sequence[str], written: Sequence[str], *, is_lines: bool
) -> list[str] | None:
    places = _places(before, written)
    merged: list[str] = []
    at = 0
    for _, first, last, new_first, new_last in _changes(before, after):
        begin, shift = _begin(places, first, last)
        end, more = _end(places, last, len(before), len(written))
        if begin < at or end < begin or new_first < shift or new_last + more > len(after):
            return None
        old = before[first - shift : last + more]
        new = after[new_first - shift : new_last + more]
        here = written[begin:end]
        merged += written[at:begin]
        merged += new if list(here) == list(old) or not is_lines else _by_words(old, new, here)
        at = end
    return [*merged, *written[at:]]


def _by_words(old: Sequence[str], new: Sequence[str], here: Sequence[str]) -> Sequence[str]:
    """Merge lines that are spelt differently word by word; else take the *new* ones."""
    words = [_WORDS.findall("".join(lines)) for lines in (old, new, here)]
    if max(map(len, words)) > _MAX_PIECES:
        return new
    merged = _merge(*words, is_lines=False)
    return new if merged is None else merged


def _changes(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    codes = SequenceMatcher(str.isspace, before, after).get_opcodes()
    return [code for code in codes if code[0] != "equal"]


def _places(before: Sequence[str], written: Sequence[str]) -> dict[int, int]:
    """Return where each piece of *before* is in *written*, for those that are.

    What is blank is found beside its neighbours only: any other blank would do.
    """
    return {
        block.a + number: block.b + number
        for block in SequenceMatcher(str.isspace, before, written).get_matching_blocks()
        for number in range(block.size)
    }


def _begin(places: dict[int, int], first: int, last: int) -> tuple[int, int]:
    """Return where in the written text a change begins, and how many more pieces it takes in."""
    if first in places and (first < last or first - 1 not in places):
        return places[first], 0
    for shift in range(first + 1):
        if first == shift:
            return 0, shift
        if first - shift - 1 in places:
            return places[first - shift - 1] + 1, shift
    raise AssertionError  # the loop ends at the beginning of the text


def _end(places: dict[int, int], last: int, length: int, written_length: int) -> tuple[int, int]:
    """Return where in the written text a change ends, and how many more pieces it takes in."""
    if last - 1 in places:  # new pieces stand right behind the piece before them
        return places[last - 1] + 1, 0
    for more in range(length - last + 1):
        if last + more == length:
            return written_length, more
        if last + more in places:
            return places[last + more], more
    raise AssertionError  # the loop ends at the end of the text
