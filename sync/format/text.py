"""Decode a file's bytes to normalised text, or report a problem."""

from __future__ import annotations

import codecs

from sync.layout import FileData, Unread
from walkthroughs.content.problems import Problem


def decode_text(path: str, data: FileData, limit: int, problems: list[Problem]) -> str | None:
    """Return the text without byte order mark, carriage returns and trailing blanks."""
    if data is Unread.TOO_MANY:
        problems.append(Problem(path, 1, "its folder holds far more files than a walkthrough has"))
        return None
    if data is Unread.TOO_LARGE or len(data) > limit:
        problems.append(Problem(path, 1, f"the file is larger than {limit // 1024} KiB"))
        return None
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.append(Problem(path, line, "not UTF-8; save the file as UTF-8"))
        return None
    unix = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    if " \n" not in unix and "\t\n" not in unix:  # as most files are
        return unix.rstrip(" \t")
    return "\n".join(line.rstrip(" \t") for line in unix.split("\n"))
