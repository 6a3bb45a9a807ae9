"""Which names of a repository are read, and the limits that the manual promises."""

import re
from pathlib import Path

import pytest

from sync import layout
from sync.layout import visible_name
from walkthroughs.content import limits

MANUAL = (Path(__file__).parents[2] / "docs" / "content-format.md").read_text()


@pytest.mark.parametrize(
    "name",
    ["a", "one.md", "0", "A_b-c.d", "with blank.md", "übersicht.png", "图.md", "_x", "+1", "a.b.c",
     ".hidden", "...", "x-", "x" * 4096, "ü" * 2048],
)  # fmt: skip
def test_a_name_that_an_author_would_write_is_itself(name):
    assert visible_name(name.encode()) == name


@pytest.mark.parametrize(
    "name",
    [b"", b".", b"..", b"-x", b"--exec", b"\xff", b"a\\b", "a\u200bb".encode(), "a\u00adb".encode(),
     b"a\tb", b"a\nb", b"a\x7f", "a\u00a0b".encode(), "\u202ea".encode(), "\ue000".encode(),
     "a\u2028b".encode(), b"x" * 4097, "ü".encode() * 2049],
)  # fmt: skip
def test_a_name_that_nobody_sees_or_that_means_something_else_is_left_out(name):
    assert visible_name(name) is None


def test_the_limits_are_those_of_the_manual():
    promised = re.sub(r"\s+", " ", MANUAL)
    assert (
        "256 KiB of manifest, 16,384 characters of front matter, 65,536 characters a step, 1,000 steps, 4,000 files"
        in promised
    )
    assert (limits.MAX_MANIFEST, layout.MAX_FRONT_MATTER) == (262_144, 16_384)
    assert (limits.MAX_STEP, limits.MAX_STEPS, layout.MAX_ENTRIES) == (65_536, 1000, 4000)
    assert (layout.MAX_DEPTH, limits.MAX_TITLE) == (8, 200)
    assert "32 MiB of pictures that it shows, 100 servers." in promised
    assert "more than 10,000 folders in `walkthroughs/`, or 100,000 steps" in promised
    assert (layout.MAX_WALKTHROUGHS, layout.MAX_STEPS_OF_ALL) == (10_000, 100_000)
    assert "a name of more than 4,096 bytes" in promised
    assert layout.MAX_SERVERS == 100
