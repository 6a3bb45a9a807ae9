"""Take metadata out of picture files, without decoding what they show. Pure.

Each function copies the parts that are needed to show the picture, and nothing behind its end. Work
is linear in the size of the file, and no length that the file gives is believed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from struct import pack, unpack_from

_TOO_SHORT = "it ends too early"
_PNG_PARTS = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP sBIT bKGD pHYs acTL fcTL fdAT".split()
)
#: Chunks of WebP that may stand once. `ANMF`, a frame, may be repeated.
_WEBP_PARTS = frozenset({b"VP8X", b"ICCP", b"ANIM", b"ALPH", b"VP8 ", b"VP8L"})
_WEBP_FRAME_PARTS = frozenset({b"ALPH", b"VP8 ", b"VP8L"})
#: In VP8X: colour profile, transparency, animation; not Exif and XMP.
_WEBP_FLAGS = 0b0011_0010
#: Tables, frames and the like of JPEG; neither applications' own segments nor comments.
_JPEG_PARTS = (frozenset(range(0xC0, 0xD0)) - {0xC8}) | {0xDB, 0xDC, 0xDD, 0xDE, 0xDF}
JPEG_FRAMES = _JPEG_PARTS & frozenset(range(0xC0, 0xD0)) - {0xC4, 0xCC}
_SCAN, _END = 0xDA, 0xD9
#: What ends the data of a scan: neither a stuffed zero, nor a restart, nor a fill byte.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_FILL = re.compile(rb"\xff+")
_EXIF = b"Exif\x00\x00"
_GIF_ANIMATION = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


class Damaged(ValueError):
    """The file cannot be shown as it is; the text says why, after "it"."""


def strip_png(data: bytes) -> bytes:
    """Return a PNG with the chunks that show it.

    Raises:
        Damaged: a chunk is cut short or changed, or one is missing.
    """
    kept, at, seen = [data[:8]], 8, set[bytes]()
    while b"IEND" not in seen:
        (size,) = unpack_from(">I", _part(data, at, 8))
        chunk = _part(data, at, 12 + size)
        at += len(chunk)
        kind = chunk[4:8]
        if kind in _PNG_PARTS:
            if zlib.crc32(chunk[4:-4]) != unpack_from(">I", chunk, 8 + size)[0]:
                raise Damaged("it has bytes that have changed since it was made")
            kept.append(chunk)
        elif not kind[0] & 0x20:
            raise Damaged("it has a part that no browser knows")
        if not seen and kind != b"IHDR":
            raise Damaged("it does not begin as a PNG does")
        seen.add(kind)
    if b"IDAT" not in seen:
        raise Damaged("it shows nothing")
    return b"".join(kept)


def strip_jpeg(data: bytes) -> bytes:
    """Return a JPEG with what shows it, and with the orientation that its Exif data says.

    Raises:
        Damaged: a segment is cut short, or one is missing.
    """
    kept, exif, kinds = [data[:2]], False, set[int]()
    for kind, segment in jpeg_segments(data):
        kinds.add(kind)
        if kind == 0xE1 and segment[4:10] == _EXIF:
            if not exif:
                kept.append(_oriented(_orientation(segment[10:])))
            exif = True
        else:
            kept.append(_jpeg_part(kind, segment))
    if not (kinds & JPEG_FRAMES and _SCAN in kinds):
        raise Damaged("it shows nothing")
    return b"".join([*kept, b"\xff\xd9"])


def jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the bytes of each segment up to the end; a scan with its data."""
    at = 2
    while True:
        fill = _FILL.match(data, at)
        if fill is None:
            raise Damaged(_TOO_SHORT if at >= len(data) else "it has bytes that belong nowhere")
        at = fill.end() - 1
        kind = _part(data, at, 2)[1]
        if kind == _END:
            return
        (size,) = unpack_from(">H", _part(data, at + 2, 2))
        if kind <= 1 or 0xD0 <= kind <= 0xD8 or size < 2:
            raise Damaged("it has bytes that belong nowhere")
        segment = _part(data, at, 2 + size)
        at += len(segment)
        if kind == _SCAN:
            marker = _MARKER.search(data, at)
            if marker is None:
                raise Damaged(_TOO_SHORT)
            segment, at = segment + data[at : marker.start()], marker.start()
        yield kind, segment


def _jpeg_part(kind: int, segment: bytes) -> bytes:
    """Return what is kept of a segment."""
    if kind in _JPEG_PARTS or kind == _SCAN:
        return segment
    if kind == 0xE0 and segment[4:9] == b"JFIF\x00" and len(segment) >= 18:
        return b"\xff\xe0\x00\x10" + segment[4:16] + b"\x00\x00"  # without its small picture
    if kind == 0xE2 and segment[4:16] == b"ICC_PROFILE\x00":
        return segment
    if kind == 0xEE and segment[4:9] == b"Adobe" and len(segment) >= 16:
        return b"\xff\xee\x00\x0e" + segment[4:16]
    return b""


def _orientation(tiff: bytes) -> int:
    """Return how to turn the picture, 1 to 8; 1, as it is, if that cannot be read."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 26:
        return 1
    (at,) = unpack_from(f"{order}I", tiff, 4)
    count = unpack_from(f"{order}H", tiff, at)[0] if at + 2 <= len(tiff) else 0
    for entry in range(at + 2, min(at + 2 + 12 * count, len(tiff) - 11), 12):
        if unpack_from(f"{order}HHI", tiff, entry) == (0x0112, 3, 1):
            (value,) = unpack_from(f"{order}H", tiff, entry + 8)
            return int(value) if 1 <= value <= 8 else 1
    return 1


def _oriented(orientation: int) -> bytes:
    """Return an Exif segment that says nothing else; nothing if the picture stands upright."""
    if orientation == 1:
        return b""
    tiff = b"MM\x00*" + pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    return b"\xff\xe1" + pack(">H", 2 + len(_EXIF) + len(tiff)) + _EXIF + tiff


def strip_webp(data: bytes) -> bytes:
    """Return a WebP with the chunks that show it.

    Raises:
        Damaged: a chunk is cut short, or one is missing.
    """
    (size,) = unpack_from("<I", data, 4)
    kept, seen = [b"WEBP"], set[bytes]()
    for kind, body in webp_chunks(_part(data, 8, size)[4:]):
        if not seen and kind not in {b"VP8X", b"VP8 ", b"VP8L"}:
            raise Damaged("it does not begin as a WebP does")
        if kind == b"ANMF":
            kept.append(_webp_chunk(kind, _webp_frame(body)))
        elif kind == b"VP8X" and kind not in seen:
            flags = bytes([_part(body, 0, 10)[0] & _WEBP_FLAGS])
            kept.append(_webp_chunk(kind, flags + b"\x00\x00\x00" + body[4:10]))
        elif kind in _WEBP_PARTS - seen:
            kept.append(_webp_chunk(kind, body))
        seen.add(kind)
        if b"VP8X" not in seen:
            break  # of the simple kind, the first chunk is all
    if not seen & {b"VP8 ", b"VP8L", b"ANMF"}:
        raise Damaged("it shows nothing")
    content = b"".join(kept)
    return b"RIFF" + pack("<I", len(content)) + content


def _webp_frame(body: bytes) -> bytes:
    """Return a frame with what shows it."""
    header, parts = _part(body, 0, 16), webp_chunks(body[16:])
    kept = (_webp_chunk(*part) for part in parts if part[0] in _WEBP_FRAME_PARTS)
    return b"".join([header, *kept])


def webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and the body of each chunk."""
    at = 0
    while at < len(data):
        kind, size = unpack_from("<4sI", _part(data, at, 8))
        yield kind, _part(data, at + 8, size)
        at += 8 + size + size % 2


def _webp_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)


def strip_gif(data: bytes) -> bytes:
    """Return a GIF with its pictures, their delays and whether they begin again.

    Raises:
        Damaged: a block is cut short or unknown, or there is no picture.
    """
    at = 13 + gif_table(_part(data, 0, 13)[10])
    kept, shows = [_part(data, 0, at)], False
    while (kind := _part(data, at, 1)) != b"\x3b":
        if kind == b"\x2c":
            header = 10 + gif_table(_part(data, at, 10)[9]) + 1
            end = gif_blocks_end(data, at + len(_part(data, at, header)))
            kept.append(data[at:end])
            shows = True
        elif kind == b"\x21":
            end = gif_blocks_end(data, at + 2)
            kept.append(_gif_extension(data[at:end]))
        else:
            raise Damaged("it has bytes that belong nowhere")
        at = end
    if not shows:
        raise Damaged("it shows nothing")
    return b"".join([*kept, b"\x3b"])


def gif_table(flags: int) -> int:
    """Return the bytes of the table of colours that *flags* announce."""
    return int(3 << (flags & 7) + 1) if flags & 0x80 else 0


def gif_blocks_end(data: bytes, at: int) -> int:
    """Return where the blocks that begin there end."""
    try:
        while size := data[at]:
            at += 1 + size
    except IndexError:
        raise Damaged(_TOO_SHORT) from None
    return at + 1


def _gif_extension(block: bytes) -> bytes:
    """Return what is kept of an extension: delay and transparency, or how often to repeat."""
    if block[1] == 0xF9 and block[2] == 4:
        return block[:7] + b"\x00"
    if (
        block[1] == 0xFF
        and block[2] == 11
        and block[3:14] in _GIF_ANIMATION
        and block[14:16] == b"\x03\x01"
    ):
        return block[:18] + b"\x00"
    return b""


def _part(data: bytes, at: int, size: int) -> bytes:
    """Return so many bytes, all of them."""
    part = data[at : at + size]
    if len(part) < size:
        raise Damaged(_TOO_SHORT)
    return part
