"""Names, limits and file marks of a content repository."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from walkthroughs.content.limits import MAX_STEP
from walkthroughs.content.pictures import Picture

#: Where content is in a repository.
ROOT_FILE = "walkthroughs.yml"
WALKTHROUGHS = "walkthroughs"
MANIFEST = "walkthrough.yml"
#: What is read of a repository, and what is read of it once a step shows it; of other files it
#: matters only that they are there.
READ_ENDINGS = (".yml", ".yaml", ".md")
PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif")
#: Of the pictures that one walkthrough shows, together: they are at hand while it is stored.
MAX_PICTURES_BYTES = 32 * 1024 * 1024
#: Files and folders of one walkthrough, pictures too, and how deep they go.
MAX_ENTRIES = 4000
MAX_DEPTH = 8

#: Of one content source: far more than people write, and few enough to be planned in memory.
MAX_WALKTHROUGHS = 10_000
#: Of one content source, with the records of moved steps that are read at once.
MAX_STEPS_OF_ALL = 100_000
#: That one walkthrough asks for.
MAX_SERVERS = 100

#: In characters: a letter is one, in every script.
MAX_FRONT_MATTER = 16 * 1024
#: What is read of a file; a character has at most four bytes.
MAX_FILE_BYTES = 4 * MAX_STEP

#: Nearly all names are like this, and need no second look.
_COMMON = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.-]*")
#: Git warns of longer names, and holds them; each path below one would repeat it.
_MAX_NAME_BYTES = 4096


class Unread(Enum):
    """Stands where a file's bytes would, and says why they were not read."""

    TOO_LARGE = "larger than any file of content may be"
    TOO_MANY = "its folder holds far more files than a walkthrough has"


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture's file, which is opened once a step shows it.

    Attributes:
        open: returns the picture.

    `open` raises PictureRefused: learners cannot be shown what the file holds.
    """

    open: Callable[[], Picture]


#: The bytes of a file, why they were not read, or how to read them.
FileData = bytes | Unread | PictureFile


@dataclass(frozen=True, slots=True)
class StepFile:
    """A step as the manifest lists it: the file (relative), its section, the line."""

    file: str
    section: str | None
    line: int


class EntryKind(Enum):
    """What a name in a folder stands for."""

    FILE = "file"
    FOLDER = "folder"
    #: To somewhere else, or another repository: it is not followed.
    LINK = "link"


def visible_name(name: bytes) -> str | None:
    """Return a file's or folder's name if it is one that an author would write, else none.

    Whatever reads content leaves the others out: what is checked before a merge
    must be what is read after it.
    """
    if len(name) > _MAX_NAME_BYTES:
        return None
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
