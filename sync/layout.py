"""Names, limits and file marks of a content repository."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

#: Where content is in a repository.
ROOT_FILE = "walkthroughs.yml"
WALKTHROUGHS = "walkthroughs"
MANIFEST = "walkthrough.yml"
#: What is read of a repository; of other files it matters only that they are there.
READ_ENDINGS = (".yml", ".md")
#: Files and folders of one walkthrough, pictures too, and how deep they go.
MAX_ENTRIES = 1000
MAX_DEPTH = 8

MAX_MANIFEST_BYTES = 16 * 1024
MAX_STEPS = 500

MAX_FRONT_MATTER_BYTES = 16 * 1024
MAX_STEP_BYTES = 64 * 1024
MAX_TITLE = 200

#: Nearly all names are like this, and need no second look.
_COMMON = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.-]*")


class Unread(Enum):
    """Stands where a file's bytes would, and says why they were not read."""

    TOO_LARGE = "larger than any file of content may be"
    TOO_MANY = "its folder holds far more files than a walkthrough has"


#: The bytes of a file, or why they were not read.
FileData = bytes | Unread


def visible_name(name: bytes) -> str | None:
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
    if "\\" in text or not (text.isascii() or _is_visible(text)) or not text.isprintable():
        return None
    return None if text.startswith("-") or text in {"", ".", ".."} else text


def _is_visible(name: str) -> bool:
    """Return whether every character of *name* is one that people see."""
    return not any(unicodedata.category(each)[0] == "C" for each in name)
