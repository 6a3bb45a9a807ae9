"""Decode a file's bytes to normalised text, or report a problem; make ids of words."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class FileText:
    """A file's text with Unix line ends, and what was taken off it."""

    text: str
    mark: str = ""
    newline: str = "\n"

    def written(self, text: str) -> bytes:
        """Return *text* as this file spells texts."""
        return (self.mark + text.replace("\n", self.newline)).encode()


def file_text(data: bytes) -> FileText | None:
    """Return what a file holds; none if it is no text, or has line ends of two kinds."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    newline = "\r\n" if "\r\n" in text else "\n"
    unix = text.removeprefix(mark).replace("\r\n", "\n")
    is_even = unix.replace("\n", newline) == text.removeprefix(mark) and "\r" not in unix
    return FileText(unix, mark, newline) if is_even else None


def any_text(data: bytes) -> FileText:
    """Return what a file holds; of line ends of two kinds, all become Unix ones."""
    text = data.decode(errors="replace").removeprefix("\ufeff")
    return file_text(data) or FileText(text.replace("\r\n", "\n").replace("\r", "\n"))


def slug(text: str) -> str:
    """Return an id made of *text*; empty if it has too few Latin letters and digits."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].rstrip("-")
    return words if SLUG_PATTERN.fullmatch(words) else ""
