"""Where content is, and which names of files count: those that a reviewer sees. Pure."""

from __future__ import annotations

import re
import unicodedata

#: Where content is in a repository.
ROOT_FILE = "walkthroughs.yml"
WALKTHROUGHS = "walkthroughs"
MANIFEST = "walkthrough.yml"
#: What is read of a repository; of other files it matters only that they are there.
READ_ENDINGS = (".yml", ".md")
#: Files and folders of one walkthrough, pictures too, and how deep they go.
MOST_ENTRIES = 1000
DEEPEST = 8

#: Nearly all names are like this, and need no second look.
_COMMON = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.-]*")


def plain(name: bytes) -> str | None:
    """Return a file's or folder's name if it is one that an author would write, else none.

    Whatever reads content leaves the others out: what is checked before a merge
    must be what is read after it.
    """
    if _COMMON.fullmatch(name):
        return name.decode()
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return None
    if "\\" in text or not (text.isascii() or _shows(text)) or not text.isprintable():
        return None
    return None if text.startswith("-") or text in {"", ".", ".."} else text


def _shows(name: str) -> bool:
    """Return whether every character of *name* is one that people see."""
    return not any(unicodedata.category(each)[0] == "C" for each in name)
