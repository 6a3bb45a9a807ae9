"""A folder on its way to a server: byte for byte, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.layout import Unread
from sync.merge_check.upload import UploadInvalid, pack, unpack


@given(st.binary())
def test_whatever_a_file_holds_arrives_as_it_was(data):
    files = {"walkthroughs.yml": data, "walkthroughs/a b/ü.md": data,
             "walkthroughs/a b/large.md": Unread.TOO_LARGE}  # fmt: skip

    assert unpack(pack(files)) == files


def test_the_files_of_others_can_be_sent_by_any_program():
    assert unpack(b'{"files": {"walkthroughs/a/b.md": "\xc3\xbc"}}') == {
        "walkthroughs/a/b.md": "ü".encode()
    }


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'"files"', b"{}", b'{"files": []}', b'{"files": {"a": 1}}',
        b'{"files": {"walkthroughs/a.md": null}}', b'{"files": {}, "too_large": 1}', b'{"files": {"walkthroughs/a.md": "\\ud800"}}',
        b"[" * 100_000, b"\xff\xfe", b"1" * 10_000,
    ],
)  # fmt: skip
def test_what_is_no_folder_is_told_how_to_send_one(body):
    with pytest.raises(UploadInvalid, match="send JSON of the form"):
        unpack(body)


@pytest.mark.parametrize(
    "path",
    [
        "README.md", "walkthroughs", "walkthroughs/", "/walkthroughs/x.md", "walkthroughs//x.md",
        "walkthroughs/../x.md", "walkthroughs/./x.md", "x/walkthroughs/y.md", "walkthroughs.yml/x",
        "walkthroughs/a\\b.md", "walkthroughs/-rf.md", "walkthroughs/a\u202eb.md",
        "walkthroughs/\udc80.md", "walkthroughs/a\0.md", "",
    ],
)  # fmt: skip
def test_a_file_where_the_reader_of_git_reads_none_is_refused_by_name(path):
    with pytest.raises(UploadInvalid, match="no place of content"):
        unpack(pack({"walkthroughs/x/walkthrough.yml": b"", path: b""}))
