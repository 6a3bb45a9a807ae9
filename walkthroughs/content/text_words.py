"""The words of a walkthrough, for the search of the dashboard. Pure.

Words are found by their beginning, in any order. Both sides are taken apart here, so that no
setting of the database decides what is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from walkthroughs.content.values import WalkthroughContent

#: Scripts that set no blanks between words (Thai to Khmer, kana, Han): each letter is a word, and
#: each sign, since some write vowels by signs, which regular expressions do not count as letters.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W{_UNSPACED}]+")
#: Of one word, and of all words in UTF-8: PostgreSQL holds 1 MiB in one row.
_MAX_LETTERS, _MAX_BYTES = 64, 700_000
#: Words of one search; those after them are left out.
_MAX_SOUGHT = 12


def text_words(content: WalkthroughContent) -> str:
    """Return the different words of the title, the goal and all steps, as a `tsvector`.

    Of a walkthrough with more different words than a row can hold, those after that are left out.
    """
    left = _MAX_BYTES
    kept: list[str] = []
    for word in _words("\n".join(_texts(content))):
        left -= len(word.encode()) + 4
        if left < 0:
            break
        kept.append(word)
    return " ".join(sorted(kept))


def sought(text: str) -> str | None:
    """Return *text* as a `tsquery`: each of its words begins one; none if it has no words."""
    words = list(_words(text))[:_MAX_SOUGHT]
    return " & ".join(f"{word}:*" for word in words) or None


def _texts(content: WalkthroughContent) -> Iterator[str]:
    yield content.title
    yield content.description or ""
    for step in content.steps:
        yield step.title
        yield step.section or ""
        yield step.content
        yield step.agent_instructions or ""
        yield step.verify or ""


def _words(text: str) -> dict[str, None]:
    """Return the different words in their order."""
    # Most pieces between blanks come often: to take each apart once is five times as fast.
    pieces = " ".join(dict.fromkeys(text.lower().split()))
    return dict.fromkeys(word[:_MAX_LETTERS] for word in _WORD.findall(pieces))
