"""Decode a file's bytes to normalised text, or report a problem; make ids of words."""

from __future__ import annotations

import codecs
import re
import unicodedata

from sync.layout import MAX_FILE_BYTES, FileData, Unread
from walkthroughs.addresses import SLUG_PATTERN
from walkthroughs.content.problems import Problem


def decode_text(path: str, data: FileData, limit: int, problems: list[Problem]) -> str | None:
    """Return the text without byte order mark and carriage returns; else it is as written.

    Args:
        path: the file, for problems.
        data: what it holds.
        limit: how many characters it may have.
        problems: takes what is wrong with it.
    """
    if data is Unread.TOO_MANY:
        problems.append(Problem(path, 1, "its folder holds far more files than a walkthrough has"))
        return None
    if not isinstance(data, bytes) or len(data) > MAX_FILE_BYTES:
        problems.append(Problem(path, 1, f"the file has more than {limit:,} characters"))
        return None
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.append(Problem(path, line, "not UTF-8; save the file as UTF-8"))
        return None
    if len(text) > limit:
        message = f"the file has {len(text):,} characters; at most {limit:,} are allowed"
        problems.append(Problem(path, 1, message))
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def slug(text: str) -> str:
    """Return an id made of *text*; empty if it has too few Latin letters and digits."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].rstrip("-")
    return words if SLUG_PATTERN.fullmatch(words) else ""
