"""Titles and names as plain words. Pure."""

from __future__ import annotations

import re

from sync.convert.characters import visible_text
from walkthroughs.content.limits import MAX_TITLE

#: The number that many names begin with.
NUMBER = re.compile(r"\A\d{1,4}(?:[-_. ]+|(?=[A-Za-z]{3}))(?=.)")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*[^()]*\)")
_HEADING_ID = re.compile(r"[ \t]*\{[#.:][^{}]*\}[ \t]*$")
_MARKS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|</?[A-Za-z][^<>]*>|#+[ \t]*$")


def words(name: str) -> str:
    """Return a file's or folder's name as a title."""
    spaced = re.sub(r"[-_]+", " ", NUMBER.sub("", name)).strip()
    return spaced[:1].upper() + spaced[1:]


def plain_title(text: str) -> str:
    """Return a heading's text without marks, in one line."""
    text = text.strip().removesuffix("\\")[: 4 * MAX_TITLE]
    text = _LINK.sub(r"\1", _HEADING_ID.sub("", text))
    text = " ".join(_MARKS.sub("", text).split())
    text = visible_text(text)
    return text[:MAX_TITLE].strip()
