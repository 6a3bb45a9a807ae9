"""Characters that nobody sees, taken out where no script and no emoji needs them. Pure."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from walkthroughs.content.characters import hidden_characters

_DIRECTIONS = frozenset("\u200e\u200f\u061c\u2066\u2067\u2068\u2069")


def visible_text(text: str) -> str:
    """Return a line without the characters that nobody sees."""
    if (text.isascii() and text.isprintable()) or not _is_hiding(text):
        return text
    reads_left = any(unicodedata.bidirectional(each) in {"R", "AL"} for each in text)
    kept: list[str] = []
    for at, character in enumerate(text):
        before, after = kept[-1] if kept else "", text[at + 1 : at + 2]
        is_direction = reads_left and character in _DIRECTIONS
        if is_direction or not _is_suspect(character) or _is_needed(before, character, after):
            kept.append(character)
    result = "".join(kept)
    if _is_hiding(result):
        result = "".join(each for each in result if each not in _DIRECTIONS)
    return "".join(each for each in result if each.isprintable()) if _is_hiding(result) else result


@lru_cache(4096)
def _is_suspect(character: str) -> bool:
    return _is_hiding(f"a{character}a")


def _is_needed(before: str, character: str, after: str) -> bool:
    return not _is_hiding(before + character + ("" if _is_suspect(after) else after))


def _is_hiding(text: str) -> bool:
    return any(True for _ in hidden_characters(text))
