"""Picture files for tests, small and different in each corner."""

from __future__ import annotations

import io
import random
import zlib
from struct import pack

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sync.layout import PictureFile
from walkthroughs.content.picture_reader import read_picture
from walkthroughs.content.pictures import Picture

FORMATS = ("PNG", "JPEG", "WebP", "GIF")
#: What metadata says, and nobody else may know.
SECRET = b"Secret Street 1"


def picture_file(
    kind: str = "PNG", *, animated: bool = False, secret: bool = False, colour: int = 0, **options
) -> bytes:
    """A picture of 16 by 9 points; with *secret*, its metadata holds `SECRET`."""
    frames = [_frame(colour + number) for number in range(3 if animated and kind != "JPEG" else 1)]
    if len(frames) > 1:
        options |= {
            "save_all": True,
            "append_images": frames[1:],
            "duration": [40, 80, 120],
            "loop": 2,
        }
    if secret:
        options |= _metadata(kind)
    out = io.BytesIO()
    image = frames[0].convert("RGB") if kind == "JPEG" else frames[0]
    image.save(out, kind, **options)
    data = out.getvalue()
    return _with_xmp(data) if secret and kind == "WebP" else data


def stored_picture(colour: int = 0) -> Picture:
    """A picture as the parser hands it on."""
    return read_picture(picture_file(colour=colour))


def file_beside(data: bytes | None = None) -> PictureFile:
    """A file beside steps that holds *data*, or a small picture."""
    return PictureFile(lambda: read_picture(picture_file() if data is None else data))


def large_picture() -> Picture:
    """A picture of nearly 1 MiB."""
    out = io.BytesIO()
    Image.frombytes("RGB", (580, 580), random.Random(1).randbytes(580 * 580 * 3)).save(out, "PNG")
    return read_picture(out.getvalue())


def announced(width: int, height: int) -> bytes:
    """A small PNG that says that it is shown so large, as a decompression bomb does."""
    data = picture_file()
    header = b"IHDR" + pack(">II", width, height) + data[24:29]
    return data[:12] + header + pack(">I", zlib.crc32(header)) + data[33:]


def _frame(colour: int) -> Image.Image:
    image = Image.new("RGBA", (16, 9), (30 + 40 * colour, 90, 160, 255))
    image.paste((250, 200, 10, 255), (0, 0, 5, 3))
    image.paste((10, 10, 10, 0), (11 - colour % 4, 6, 16, 9))
    return image


def _metadata(kind: str) -> dict[str, object]:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    info = PngInfo()
    info.add_text("Author", SECRET.decode())
    return {
        "PNG": {"pnginfo": info, "exif": exif},
        "JPEG": {"exif": exif, "comment": SECRET},
        "WebP": {"exif": exif, "lossless": True},
        "GIF": {"comment": SECRET},
    }[kind]


def _with_xmp(data: bytes) -> bytes:
    """Add XMP and a chunk of nobody knows what to a WebP."""
    more = b"".join(name + pack("<I", 16) + SECRET + b"." for name in (b"XMP ", b"ABCD"))
    flags = bytes([data[20] | 0x04])
    return data[:4] + pack("<I", len(data) + len(more) - 8) + data[8:20] + flags + data[21:] + more
