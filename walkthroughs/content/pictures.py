"""Pictures beside steps: what is stored of a file, and how the texts name it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MAX_PICTURE_BYTES = 1024 * 1024
TOO_LARGE = "the picture is larger than 1 MiB; make it smaller"
#: What each kind of picture is served as, by its extension.
MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
}
PICTURE_NAME = re.compile(r"([0-9a-f]{64})\.(png|jpg|webp|gif)")
#: How a stored text names a picture, as the target of a Markdown picture or in an attribute.
PICTURE_REFERENCE = re.compile(rf"i/(?<=[\s(<\"'=:]i/){PICTURE_NAME.pattern}(?![\w./-])")
#: A Markdown picture with a text of usual length.
_DESCRIBED = re.compile(r"!\[([^\[\]\\]{0,300})\]\(i/([0-9a-f]{64}\.(?:png|jpg|webp|gif))")


class PictureRefused(ValueError):
    """A file is no picture that learners are shown; the text is for its author."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is stored and served.

    Attributes:
        sha256: of *data*, in hexadecimal digits.
        extension: which kind it is: a key of `MEDIA_TYPES`.
        data: the file without metadata.
    """

    sha256: str
    extension: str
    data: bytes

    @property
    def name(self) -> str:
        """Return the name that it is served by."""
        return f"{self.sha256}.{self.extension}"


def with_addresses(text: str, base: str) -> str:
    """Return *text* with the absolute address of each picture that it names, below *base*."""
    if "i/" not in text:
        return text
    return PICTURE_REFERENCE.sub(lambda found: f"{base}/{found[0]}", text)


def with_other_picture(text: str, old: str, new: str) -> str:
    """Return *text* with the picture of the name *new* wherever it names *old*."""
    return PICTURE_REFERENCE.sub(
        lambda found: f"i/{new}" if found[0] == f"i/{old}" else found[0], text
    )


def described(texts: Iterable[str | None]) -> dict[str, str]:
    """Return what *texts* say that each picture shows, by its name; the first one that does."""
    found: dict[str, str] = {}
    for text in texts:
        for alt, name in _DESCRIBED.findall(text or ""):
            if alt.strip():
                found.setdefault(name, alt.strip())
    return found


def pictures_named(texts: Iterable[str | None]) -> frozenset[str]:
    """Return the names of the pictures that *texts* name."""
    return frozenset(
        found[0].removeprefix("i/")
        for text in texts
        if text and "i/" in text
        for found in PICTURE_REFERENCE.finditer(text)
    )
