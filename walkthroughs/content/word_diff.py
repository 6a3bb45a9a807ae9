"""Which words of a text changed. Pure, and bounded for any two texts of a step's size.

Lines, then words, that are in both texts once are set against each other first: that takes time in
proportion to the texts. difflib looks only at what is left between them, as long as the work that
it might take in the worst case is within a budget; beyond that the rest is told as replaced.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
SAME, REMOVED, ADDED = "same", "removed", "added"
#: Where both sequences are equal: from, from, how many.
_Match = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of one text or of both.

    Attributes:
        kind: "same", "removed" or "added".
    """

    kind: str
    text: str


@dataclass(slots=True)
class Budget:
    """How much work is left for one diff, or for several that are shown together.

    Attributes:
        comparisons: of words by difflib; all of them take some 50 ms.
        characters: that are looked at, of both texts; all of them take a second.
    """

    comparisons: int = 5_000_000
    characters: int = 1024 * 1024


def word_diff(old: str, new: str, budget: Budget | None = None) -> tuple[Piece, ...]:
    """Return the pieces that make *old* without those added, and *new* without those removed."""
    if old == new:
        return (Piece(SAME, old),) if old else ()
    budget = budget or Budget()
    budget.characters -= len(old) + len(new)
    if budget.characters < 0 or not old or not new:
        return tuple(piece for piece in (Piece(REMOVED, old), Piece(ADDED, new)) if piece.text)
    return _joined(_Diff(budget).of_texts(old, new))


class _Diff:
    """One comparison."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def of_texts(self, old: str, new: str) -> Iterator[Piece]:
        before, after = _LINES.findall(old), _LINES.findall(new)
        for kind, removed, added in _apart(before, after, _unique_matches(before, after)):
            if kind == SAME:
                yield Piece(SAME, "".join(removed))
            else:
                yield from self._of_words("".join(removed), "".join(added))

    def _of_words(self, old: str, new: str) -> Iterator[Piece]:
        before, after = _WORDS.findall(old), _WORDS.findall(new)
        for kind, removed, added in _apart(before, after, _unique_matches(before, after)):
            if kind == SAME:
                yield Piece(SAME, "".join(removed))
                continue
            yield from self._of_rest(removed, added)

    def _of_rest(self, before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
        # Each match may be one word long, and looking for it may compare all with all.
        work = len(before) * len(after) * min(len(before), len(after))
        matches: list[_Match] = []
        if 0 < work <= self._budget.comparisons:
            self._budget.comparisons -= work
            matcher = SequenceMatcher(None, before, after, autojunk=False)
            matches = [(m.a, m.b, m.size) for m in matcher.get_matching_blocks()]
        for kind, removed, added in _apart(before, after, matches):
            if kind == SAME:
                yield Piece(SAME, "".join(removed))
            else:
                yield Piece(REMOVED, "".join(removed))
                yield Piece(ADDED, "".join(added))


def _apart(
    before: Sequence[str], after: Sequence[str], matches: Sequence[_Match]
) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    """Yield what is equal, once, and what is between, in order."""
    at, to = 0, 0
    for start, other, size in [*matches, (len(before), len(after), 0)]:
        if at < start or to < other:
            yield REMOVED, before[at:start], after[to:other]
        if size:
            yield SAME, before[start : start + size], ()
        at, to = start + size, other + size


def _unique_matches(before: Sequence[str], after: Sequence[str]) -> list[_Match]:
    """Return what is in both once, in an order that both have, with its equal neighbours."""
    once = _places(before), _places(after)
    pairs = [(at, once[1][word]) for word, at in once[0].items() if word in once[1]]
    kept = [pairs[n] for n in longest_increasing([other for _, other in pairs])]
    matches: list[_Match] = []
    ends = (0, 0)
    bounds = [(0, 0), *kept, (len(before), len(after))]
    # The beginning and the end of both are anchors too.
    for at, to in bounds:
        if at < ends[0]:
            continue  # an earlier match reached it, in both
        low, high = _reach(before, after, (at, to), ends)
        matches.append((at + low, to + low, high - low))
        ends = (at + high, to + high)
    return matches


def _reach(
    before: Sequence[str], after: Sequence[str], anchor: tuple[int, int], ends: tuple[int, int]
) -> tuple[int, int]:
    """Return how far both are equal before and behind *anchor*, no further back than *ends*."""
    at, to = anchor
    low = high = 0
    while at + low > ends[0] and to + low > ends[1] and before[at + low - 1] == after[to + low - 1]:
        low -= 1
    while (
        at + high < len(before) and to + high < len(after)
        and before[at + high] == after[to + high]
    ):  # fmt: skip
        high += 1
    return low, high


def _places(words: Sequence[str]) -> dict[str, int]:
    """Return where each word is that is there once."""
    counts = Counter(words)
    return {word: place for place, word in enumerate(words) if counts[word] == 1}


def longest_increasing(numbers: Sequence[int]) -> list[int]:
    """Return the places of a longest subsequence that grows, in order."""
    tails: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for place, number in enumerate(numbers):
        at = bisect_left(tails, number)
        before.append(last[at - 1] if at else -1)
        tails[at : at + 1] = [number]
        last[at : at + 1] = [place]
    found: list[int] = []
    place = last[-1] if last else -1
    while place >= 0:
        found.append(place)
        place = before[place]
    return found[::-1]


def _joined(pieces: Iterator[Piece]) -> tuple[Piece, ...]:
    """Join neighbours: what is removed comes before what is added; blanks between both join."""
    joined: list[Piece] = []
    removed, added = "", ""
    for piece in pieces:
        if piece.kind == REMOVED:
            removed += piece.text
        elif piece.kind == ADDED:
            added += piece.text
        else:
            if (removed or added) and not _is_blank(piece.text):
                joined += [Piece(REMOVED, removed), Piece(ADDED, added)]
                removed = added = ""
            if removed or added:
                removed, added = removed + piece.text, added + piece.text
            elif joined and joined[-1].kind == SAME:
                joined[-1] = Piece(SAME, joined[-1].text + piece.text)
            else:
                joined.append(piece)
    joined += [Piece(REMOVED, removed), Piece(ADDED, added)]
    return tuple(piece for piece in joined if piece.text)


def _is_blank(text: str) -> bool:
    """Return whether *text* only stands between two words of a line."""
    return text.isspace() and "\n" not in text
