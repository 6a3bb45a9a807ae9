"""Pictures beside steps: what is taken of a file, and how the texts name it. Pure.

A file is what its first bytes say, whatever its name is. It is kept without metadata: whoever made
a photograph need not tell learners where.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from walkthroughs.content.picture_files import (
    Damaged,
    strip_gif,
    strip_jpeg,
    strip_png,
    strip_webp,
)
from walkthroughs.content.picture_sizes import MAX_POINTS, largest_frame

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


def read_picture(data: bytes) -> Picture:
    """Return the picture that a file holds, without metadata; reading that again changes nothing.

    Raises:
        PictureRefused: it is too large, damaged, or not of a kind that is shown.
    """
    if len(data) > MAX_PICTURE_BYTES:
        raise PictureRefused(TOO_LARGE)
    extension = _extension(data)
    if extension is None:
        raise PictureRefused(
            "the file holds no PNG, JPEG, WebP or GIF, whatever its name says; save it as one"
        )
    try:
        stripped = _STRIP[extension](data)
    except Damaged as error:
        raise PictureRefused(f"the picture is damaged: {error}; save it again") from error
    width, height = largest_frame(extension, stripped)
    if width * height > MAX_POINTS:
        raise PictureRefused(
            f"the picture has {width:,} by {height:,} points; at most {MAX_POINTS:,} points "
            "are shown; make it smaller"
        )
    return Picture(hashlib.sha256(stripped).hexdigest(), extension, stripped)


def with_addresses(text: str, base: str) -> str:
    """Return *text* with the absolute address of each picture that it names, below *base*."""
    if "i/" not in text:
        return text
    return PICTURE_REFERENCE.sub(lambda found: f"{base}/{found[0]}", text)


def pictures_named(texts: Iterable[str | None]) -> frozenset[str]:
    """Return the names of the pictures that *texts* name."""
    return frozenset(
        found[0].removeprefix("i/")
        for text in texts
        if text and "i/" in text
        for found in PICTURE_REFERENCE.finditer(text)
    )


def _extension(data: bytes) -> str | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    return "gif" if data.startswith((b"GIF87a", b"GIF89a")) else None


_STRIP: dict[str, Callable[[bytes], bytes]] = {
    "png": strip_png,
    "jpg": strip_jpeg,
    "webp": strip_webp,
    "gif": strip_gif,
}
