"""A tutorial's files as links are looked up in them, and the pictures that steps show. Pure."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sync.convert.sources.pages import is_picture
from sync.format.text import slug
from walkthroughs.content.picture_reader import read_picture
from walkthroughs.content.pictures import PictureRefused


@dataclass(slots=True)
class Pictures:
    """The pictures of one walkthrough, each once, under names of their own."""

    room: int
    names: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def add(self, path: str, data: bytes) -> str:
        """Return the name of a picture beside the steps.

        Raises:
            PictureRefused: it cannot be shown, or there are too many.
        """
        if path in self.names:
            return self.names[path]
        if len(self.files) >= self.room:
            raise PictureRefused("a walkthrough holds no more files")
        kind = read_picture(data).extension
        stem = slug(posixpath.splitext(posixpath.basename(path))[0]) or "picture"
        name, number = f"{stem}.{kind}", 1
        while name in self.files:
            number += 1
            name = f"{stem}-{number}.{kind}"
        self.names[path], self.files[name] = name, data
        return name


@dataclass(frozen=True, slots=True)
class Tutorial:
    """The files of a tutorial, and what links are looked up in.

    Attributes:
        files: path -> bytes.
        pages: paths of the files that become steps.
        pictures: paths by the names of files.
    """

    files: Mapping[str, bytes]
    pages: frozenset[str]
    pictures: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class LinkScope:
    """What the links of a page may lead to.

    Attributes:
        page: the path of the file.
        roots: folders that a path with a slash in front may be meant from.
    """

    page: str
    tutorial: Tutorial
    roots: tuple[str, ...] = ("",)


def tutorial_of(files: Mapping[str, bytes], pages: Iterable[str]) -> Tutorial:
    """Return the files, ready for look-ups."""
    pictures: dict[str, list[str]] = defaultdict(list)
    for path in sorted(files):
        if is_picture(path):
            pictures[posixpath.basename(path)].append(path)
    return Tutorial(files, frozenset(pages), pictures)
