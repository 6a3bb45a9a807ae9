"""What an author's machine sends to have a folder checked: its content, byte for byte. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sync.layout import ROOT_FILE, WALKTHROUGHS, FileData, Unread, visible_name
from walkthroughs.errors import HandrailError

#: Larger ones are refused before they are parsed. Some eight thousand steps of 4 kB fit.
MAX_BYTES = 32 * 1024 * 1024
#: Keeps bytes that are not UTF-8 as they are on both ways, so that the server finds the mistake
#: that the author's machine finds.
_BYTES = "surrogateescape"


class UploadInvalid(HandrailError):
    """That is not a folder to check."""


def pack(files: Mapping[str, FileData]) -> bytes:
    """Return *files* as JSON; `unpack` returns the same. Of those not read, the path is sent."""
    texts = {
        path: data.decode(errors=_BYTES) for path, data in files.items() if isinstance(data, bytes)
    }
    too_large = [path for path, data in files.items() if isinstance(data, Unread)]
    return json.dumps({"files": texts, "too_large": too_large}).encode()


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
