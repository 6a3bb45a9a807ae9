"""What a proposal changes in a walkthrough's files. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sync.layout import PICTURE_ENDINGS, FileData, PictureFile
from walkthroughs.content.picture_reader import read_picture

#: Path from the content's folder -> what the file is to hold; none takes it away.
FileChanges = dict[str, bytes | None]


def changed(files: Mapping[str, FileData], changes: FileChanges) -> dict[str, FileData]:
    """Return *files* after the *changes*."""
    new = {path: _as_file(path, data) for path, data in changes.items() if data is not None}
    return {path: data for path, data in files.items() if path not in changes} | new


def _as_file(path: str, data: bytes) -> FileData:
    is_picture = path.lower().endswith(PICTURE_ENDINGS)
    return PictureFile(partial(read_picture, data)) if is_picture else data
