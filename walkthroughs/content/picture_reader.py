"""Take a picture out of a file. Pure.

A file is what its first bytes say, whatever its name is. It is kept without metadata: whoever made
a photograph need not tell learners where.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from walkthroughs.content.picture_files import (
    Damaged,
    strip_gif,
    strip_jpeg,
    strip_png,
    strip_webp,
)
from walkthroughs.content.picture_sizes import MAX_POINTS, largest_frame
from walkthroughs.content.pictures import MAX_PICTURE_BYTES, TOO_LARGE, Picture, PictureRefused


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
