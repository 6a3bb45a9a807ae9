"""How large a picture is shown, read from its file without decoding it. Pure.

A file of 1 MiB can hold a picture that takes gigabytes where it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import unpack_from

from walkthroughs.content.picture_files import (
    JPEG_FRAMES,
    gif_blocks_end,
    gif_table,
    jpeg_segments,
    webp_chunks,
)

#: Points of a picture: more than phones and screens make.
MAX_POINTS = 64_000_000
_Size = tuple[int, int]


def largest_frame(extension: str, data: bytes) -> _Size:
    """Return width and height of the picture, or of the largest of its frames.

    Args:
        extension: a key of `MEDIA_TYPES`.
        data: as the functions of `picture_files` return it, so that all its parts are whole.
    """
    sizes = {"png": _png, "jpg": _jpeg, "webp": _webp, "gif": _gif}[extension](data)
    return max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))


def _png(data: bytes) -> Iterator[_Size]:
    if len(data) >= 24:
        yield unpack_from(">II", data, 16)


def _jpeg(data: bytes) -> Iterator[_Size]:
    for kind, segment in jpeg_segments(data):
        if kind in JPEG_FRAMES and len(segment) >= 9:
            height, width = unpack_from(">HH", segment, 5)
            yield width, height


def _webp(data: bytes) -> Iterator[_Size]:
    for kind, body in webp_chunks(data[12:]):
        if kind == b"ANMF":
            for each, part in webp_chunks(body[16:]):
                yield from _webp_part(each, part)
        else:
            yield from _webp_part(kind, body)


def _webp_part(kind: bytes, body: bytes) -> Iterator[_Size]:
    if kind == b"VP8X" and len(body) >= 10:
        yield _number(body[4:7]) + 1, _number(body[7:10]) + 1
    elif kind == b"VP8 " and len(body) >= 10:
        width, height = unpack_from("<HH", body, 6)
        yield width & 0x3FFF, height & 0x3FFF
    elif kind == b"VP8L" and len(body) >= 5:
        bits = _number(body[1:5])
        yield (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _gif(data: bytes) -> Iterator[_Size]:
    yield unpack_from("<HH", data, 6)
    at = 13 + gif_table(data[10])
    while (kind := data[at]) != 0x3B:
        header = 2
        if kind == 0x2C:
            left, top, width, height = unpack_from("<HHHH", data, at + 1)
            yield left + width, top + height
            header = 11 + gif_table(data[at + 9])
        at = gif_blocks_end(data, at + header)


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
