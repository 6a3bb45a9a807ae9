"""What an author's machine sends to have a folder checked: its content, byte for byte. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial

from sync.layout import ROOT_FILE, WALKTHROUGHS, FileData, PictureFile, Unread, visible_name
from walkthroughs.content.pictures import PICTURE_NAME, Picture, PictureRefused
from walkthroughs.errors import HandrailError

#: Where an author's token is looked for: other users of a machine can read command lines.
TOKEN = "HANDRAIL_CHECK_TOKEN"  # noqa: S105  a variable's name
#: Larger ones are refused before they are parsed. Some eight thousand steps of 4 kB fit.
MAX_BYTES = 32 * 1024 * 1024
#: Keeps bytes that are not UTF-8 as they are on both ways, so that the server finds the mistake
#: that the author's machine finds.
_BYTES = "surrogateescape"


class UploadInvalid(HandrailError):
    """That is not a folder to check."""


def pack(files: Mapping[str, FileData]) -> bytes:
    """Return *files* as JSON; `unpack` returns the same.

    Of those not read, the path is sent; of pictures, their hash and kind.
    """
    texts = {
        path: data.decode(errors=_BYTES) for path, data in files.items() if isinstance(data, bytes)
    }
    too_large = [path for path, data in files.items() if isinstance(data, Unread)]
    pictures = {
        path: _summary(data) for path, data in files.items() if isinstance(data, PictureFile)
    }
    return json.dumps({"files": texts, "too_large": too_large, "pictures": pictures}).encode()


def _summary(file: PictureFile) -> list[str]:
    """Return a picture's hash and kind; only a reason, if it cannot be shown."""
    try:
        picture = file.open()
    except PictureRefused as error:
        return [str(error)]
    return [picture.sha256, picture.extension]


def _picture(summary: list[str]) -> Picture:
    match summary:
        case [str(sha256), str(extension)] if PICTURE_NAME.fullmatch(f"{sha256}.{extension}"):
            return Picture(sha256, extension, b"")
        case [str(reason)]:
            raise PictureRefused(reason[:200])
        case _:
            raise PictureRefused("what was sent of it is no summary of a picture")


def unpack(body: bytes) -> dict[str, FileData]:
    """Return the files by path that a body holds.

    Raises:
        UploadInvalid: it is not what `pack` makes.
    """
    try:
        found = json.loads(body)
        files: dict[str, FileData] = {
            path: text.encode(errors=_BYTES) for path, text in found["files"].items()
        }
        files |= {str(path): Unread.TOO_LARGE for path in found.get("too_large", ())}
        files |= {
            str(path): PictureFile(partial(_picture, summary))
            for path, summary in found.get("pictures", {}).items()
        }
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise UploadInvalid(
            'The body is not a folder to check: send JSON of the form {"files": {path: text}}.'
        ) from error
    for path in files:
        if not _is_content(path):
            raise UploadInvalid(
                f"A file is called {path[:100]!a}, which is no place of content. "
                f"Send {ROOT_FILE} and what is below {WALKTHROUGHS}/."
            )
    return files


def _is_content(path: str) -> bool:
    """Return whether the reader of a repository would hand over a file at *path*."""
    parts = path.split("/")
    try:
        written = all(visible_name(part.encode()) for part in parts)
    except UnicodeEncodeError:
        return False
    return written and (path == ROOT_FILE or (parts[0] == WALKTHROUGHS and len(parts) > 1))
