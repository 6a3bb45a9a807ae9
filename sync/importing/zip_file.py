"""A zip to its files, within limits, and files to a zip. Pure.

What a zip says of itself is not believed: neither how many files it has nor how large they are.
"""

from __future__ import annotations

import io
import json
import posixpath
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial

from sync.importing.upload import (
    MAX_FILES,
    MAX_UPLOAD_BYTES,
    Upload,
    UploadedFile,
    UploadRefused,
    take,
    too_many_files,
)
from walkthroughs.content.problems import Problem

#: Stands in front of each file's entry in the directory of a zip.
_ENTRY = b"PK\x01\x02"
_ENCRYPTED, _IS_UTF8 = 0x1, 0x800
#: A name that no file of an upload has.
_ABOUT = "/about"
#: How files are packed everywhere. Others can only be unpacked as a whole, however large that is.
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_NO_ZIP = "This is no zip file that can be read. Pack the folder again, as an ordinary zip."
_LOCKED = "The zip has a password. Pack the folder again without one."
_OTHER_METHOD = (
    "The zip is packed in a way that is not read here. Pack the folder again, as an ordinary zip."
)


def read_zip(data: bytes, file_name: str) -> Upload:
    """Return the files of a zip that may be content.

    Raises:
        UploadRefused: it is no zip, is over a limit, has a password, or leads out of its folder.
    """
    if len(data) > MAX_UPLOAD_BYTES:
        raise UploadRefused(f"The zip is larger than {MAX_UPLOAD_BYTES // 1024**2} MiB.")
    if data.count(_ENTRY) > MAX_FILES:  # counted before each of them costs time
        raise too_many_files()
    stem = posixpath.splitext(posixpath.basename(file_name.replace("\\", "/")))[0]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            return take(stem, [_entry(archive, info) for info in infos])
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise UploadRefused(_NO_ZIP) from error
    except UnicodeDecodeError as error:  # a name that says it is UTF-8, and is not
        raise UploadRefused(_NO_ZIP) from error
    except (ValueError, NotImplementedError, OverflowError) as error:
        raise UploadRefused(_OTHER_METHOD) from error


def write_zip(upload: Upload) -> bytes:
    """Return a zip that `reopen_zip` reads."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, data in upload.files.items():
            archive.writestr(path, data)
        archive.writestr(_ABOUT, json.dumps([upload.name, upload.kind, *map(asdict, upload.notes)]))
    return out.getvalue()


def reopen_zip(data: bytes) -> Upload:
    """Return what `write_zip` has packed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {info.filename: archive.read(info) for info in archive.infolist()}
    name, kind, *notes = json.loads(files.pop(_ABOUT))
    return Upload(name, files, tuple(Problem(**note) for note in notes), kind)


def pack(files: Mapping[str, bytes], archive: zipfile.ZipFile) -> None:
    """Add files to a zip in their order. The same files give the same bytes."""
    for path, data in files.items():
        info = zipfile.ZipInfo(path)  # without a time
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = (stat.S_IFREG | 0o644) << 16
        archive.writestr(info, data)


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> UploadedFile:
    if info.flag_bits & _ENCRYPTED:
        raise UploadRefused(_LOCKED)
    if info.compress_type not in _METHODS:
        raise UploadRefused(_OTHER_METHOD)
    is_link = stat.S_ISLNK(info.external_attr >> 16)
    # `read` gives no more bytes than the size that is counted, and fails if there are more.
    return UploadedFile(_name(info), info.file_size, partial(archive.read, info), is_link)


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name of a file: many programs write UTF-8, and do not say so."""
    if info.flag_bits & _IS_UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename
