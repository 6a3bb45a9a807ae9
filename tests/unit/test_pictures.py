"""Pictures are told by their content and kept without metadata; they look as before."""

import io
import re
import time
import zlib
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from tests.pictures import FORMATS, SECRET, announced, picture_file
from walkthroughs.content.picture_reader import read_picture
from walkthroughs.content.picture_sizes import largest_frame
from walkthroughs.content.pictures import MAX_PICTURE_BYTES, PictureRefused, with_addresses

SHA = "ab12" * 16


def pixels(data):
    """Every frame as a browser paints it: turned, in colour and transparency."""
    image = Image.open(io.BytesIO(data))
    frames = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        frames.append(
            (ImageOps.exif_transpose(image).convert("RGBA").tobytes(), image.info.get("duration"))
        )
    return frames


def as_read(data):
    try:
        return read_picture(data)
    except PictureRefused as refused:
        return str(refused)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("animated", [False, True])
def test_a_picture_loses_its_metadata_and_not_a_pixel(kind, animated):
    data = picture_file(kind, animated=animated, secret=True)
    picture = read_picture(data)

    assert SECRET in data
    assert SECRET not in picture.data
    assert pixels(picture.data) == pixels(data)
    assert picture.extension == {"JPEG": "jpg"}.get(kind, kind.lower())
    assert picture.name == f"{picture.sha256}.{picture.extension}"


@pytest.mark.parametrize("kind", FORMATS)
def test_what_stands_behind_the_end_is_dropped(kind):
    data = picture_file(kind)

    assert read_picture(data + SECRET).data == read_picture(data).data


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_stands_as_its_camera_said(orientation):
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, SECRET.decode()
    data = picture_file("JPEG", exif=exif)
    picture = read_picture(data)

    assert pixels(picture.data) == pixels(data)
    assert (b"Exif" in picture.data) == (orientation != 1)
    assert dict(Image.open(io.BytesIO(picture.data)).getexif()) == (
        {} if orientation == 1 else {0x0112: orientation}
    )


def test_a_profile_of_colours_a_small_picture_of_jfif_and_progressive_scans():
    profile = b"profile " * 10
    data = picture_file("JPEG", progressive=True, icc_profile=profile)
    at = data.index(b"JFIF") - 4
    small = b"\xff\xe0\x00\x13" + data[at + 4 : at + 16] + b"\x01\x01sec"
    picture = read_picture(data[:at] + small + data[at + 18 :])

    assert picture.data == read_picture(data).data
    assert Image.open(io.BytesIO(picture.data)).info["icc_profile"] == profile
    assert pixels(picture.data) == pixels(data)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("animated", [False, True])
def test_a_picture_that_is_cut_anywhere_is_refused(kind, animated):
    data = picture_file(kind, animated=animated)
    # Behind the end of the last chunk, WebP may have a byte that fills it up.
    for end in range(12, len(data) - 1, max(1, len(data) // 200)):
        with pytest.raises(PictureRefused, match="damaged"):
            read_picture(data[:end])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"BM\x00\x00",
        b"GIF90a",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"%PDF",
    ],
)
def test_what_is_no_picture_by_its_content_is_refused(data):
    with pytest.raises(PictureRefused, match="no PNG, JPEG, WebP or GIF"):
        read_picture(data)


def test_one_mebibyte_is_taken_and_a_byte_more_is_not():
    data = picture_file("PNG")
    room = MAX_PICTURE_BYTES - len(data)

    assert read_picture(data + b"x" * room).data == read_picture(data).data
    with pytest.raises(PictureRefused, match="larger than 1 MiB"):
        read_picture(data + b"x" * (room + 1))


def test_a_png_that_has_changed_or_that_no_browser_knows_is_refused():
    data = picture_file("PNG")
    unknown = pack(">I", 0) + b"ABCD" + pack(">I", zlib.crc32(b"ABCD"))

    for wrong, words in (
        (data.replace(b"IDAT", b"IDAU"), "no browser knows"),
        (data[:45] + bytes([data[45] ^ 1]) + data[46:], "changed"),
        (data[:33] + unknown + data[33:], "no browser knows"),
        (data[:8] + data[33:], "does not begin"),
    ):
        with pytest.raises(PictureRefused, match=words):
            read_picture(wrong)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff" * MAX_PICTURE_BYTES,
        b"\xff\xd8" + b"\xff\xda\x00\x02" + b"\xff\x00" * 500_000,
        b"\xff\xd8" + b"\xff\xda\x00\x02" * 250_000,
        b"\xff\xd8" + b"\xff\xfe\x00\x02" * 250_000,
        b"GIF89a" + b"\x01\x00\x01\x00\x00\x00\x00" + b"\x21\xfe\x00" * 340_000,
        b"GIF89a" + b"\x01\x00\x01\x00\x00\x00\x00\x21\xfe" + b"\x01a" * 500_000,
        b"RIFF" + pack("<I", 1_000_004) + b"WEBPVP8X\x0a\x00\x00\x00" + bytes(10) + bytes(999_978),
        b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\x00tEXt\x00\x00\x00\x00" * 80_000,
    ],
    ids=["fill", "stuffed", "scans", "comments", "extensions", "blocks", "chunks", "texts"],
)
def test_a_file_that_is_made_to_take_long_does_not(data):
    begun = time.process_time()
    with pytest.raises(PictureRefused):
        read_picture(data[:MAX_PICTURE_BYTES])

    assert time.process_time() - begun < 3


MUTATIONS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6), st.integers(0, 6)),
    max_size=4,
)


@given(st.sampled_from(FORMATS), st.booleans(), MUTATIONS)
def test_whatever_an_author_commits_is_refused_or_stays_the_same_from_then_on(
    kind, animated, mutations
):
    data = picture_file(kind, animated=animated, secret=True)
    for place, put, removed in mutations:
        at = int(place * len(data))
        data = data[:at] + put + data[at + removed :]
    picture = as_read(data)

    if not isinstance(picture, str):
        assert read_picture(picture.data) == picture
        assert len(picture.data) <= MAX_PICTURE_BYTES


@given(
    st.sampled_from(
        [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\x20\x00\x00\x00WEBP"]
    ),
    st.binary(max_size=300),
)
def test_any_bytes_are_a_picture_or_refused(head, rest):
    as_read(head + rest)


def test_text_chunks_of_all_kinds_are_gone():
    info = PngInfo()
    info.add_text("Author", SECRET.decode())
    info.add_itxt("Place", SECRET.decode())
    info.add_text("Long", SECRET.decode() * 9, zip=True)
    stripped = read_picture(picture_file("PNG", pnginfo=info)).data

    assert (b"tEXt" in stripped, b"iTXt" in stripped, b"zTXt" in stripped) == (False,) * 3


@pytest.mark.parametrize(
    "text",
    [
        "![A fox](i/{}.png)",
        "![A fox](<i/{}.jpg> 'title')",
        '<img src="i/{}.webp" alt="">',
        "<img src='i/{}.gif'>",
        "<img src=i/{}.gif>",
        "![A fox][fox]\n\n[fox]: i/{}.png",
        "![A fox][fox]\n\n[fox]:i/{}.png",
    ],
)
def test_a_picture_that_a_text_names_gets_its_address(text):
    given_text = text.format(SHA)

    assert with_addresses(given_text, r"https://h.example/s/\1") == text.replace(
        "i/", r"https://h.example/s/\1/i/"
    ).format(SHA)


@pytest.mark.parametrize(
    "text",
    [
        "no picture, and/or api/v1",
        f"![A fox](i/{SHA[1:]}.png)",
        f"![A fox](i/{SHA}.svg)",
        f"![A fox](https://h.example/i/{SHA}.png)",
        f"![A fox](../i/{SHA}.png)",
        f"![A fox](i/{SHA}.png.exe)",
        f"![A fox](i/{SHA}.png/..)",
    ],
)
def test_other_texts_stay_as_they_are(text):
    assert with_addresses(text, "https://h.example") == text


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("animated", [False, True])
def test_the_size_that_a_picture_is_shown_in_is_read_from_its_file(kind, animated):
    picture = read_picture(picture_file(kind, animated=animated))

    assert largest_frame(picture.extension, picture.data) == (16, 9)


@pytest.mark.parametrize(
    "data",
    [
        announced(8001, 8000),
        picture_file("GIF")[:6] + pack("<HH", 9000, 9000) + picture_file("GIF")[10:],
        # A frame that is larger than the picture makes it larger where it is shown.
        re.sub(rb",\0{4}\x10\0\x09\0", b"," + pack("<HHHH", 1, 1, 9000, 9000), picture_file("GIF")),
        re.sub(
            rb"(\xff[\xc0\xc2]..\x08)....",
            lambda found: found[1] + pack(">HH", 9000, 9000),
            picture_file("JPEG"),
            flags=re.DOTALL,
        ),
        re.sub(
            rb"(?<=VP8X.{8}).{6}",
            b"\x00\x40\x00" * 2,
            picture_file("WebP", animated=True),
            flags=re.DOTALL,
        ),
    ],
    ids=["png", "gif", "gif frame", "jpeg", "webp"],
)
def test_a_picture_that_takes_much_memory_where_it_is_shown_is_refused(data):
    with pytest.raises(PictureRefused, match="at most 64,000,000 points"):
        read_picture(data)
