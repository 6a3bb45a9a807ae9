"""Git's answers, whole and cut off."""

import io
from types import SimpleNamespace

import pytest

from sync.git.errors import ContentInvalid
from sync.git.objects import Awaited, Objects, parse_tree
from sync.layout import Unread


def objects(answer):
    return Objects(
        lambda: SimpleNamespace(stdin=io.BytesIO(), stdout=io.BytesIO(answer)), Awaited()
    )


def test_contents_come_in_order_and_large_ones_are_skipped():
    answer = b"a1 blob 2\nhi\nb2 blob 90000\n" + b"x" * 90000 + b"\nc3 missing\nd4 blob 0\n\n"
    found = list(objects(answer).contents(["a1", "b2", "c3", "d4"], 100))

    assert found == [b"hi", Unread.TOO_LARGE, None, b""]


@pytest.mark.parametrize("answer", [b"", b"a1 blob 5\nhi", b"a1 blob 90000\n" + b"x" * 70000])
def test_an_answer_that_is_cut_off_is_an_error_and_never_a_wait(answer):
    with pytest.raises(EOFError):
        list(objects(answer).contents(["a1"], 100))


def test_of_one_commit_so_much_is_read_however_often_it_has_the_same_blob(monkeypatch):
    from sync.git import objects as module

    monkeypatch.setattr(module, "_MAX_TEXT_BYTES", 10)
    read = objects(b"a1 blob 4\nabcd\n" * 9)
    assert list(read.contents(["a1", "a1"], 100)) == [b"abcd"] * 2
    with pytest.raises(ContentInvalid, match="far more than"):
        list(read.contents(["a1"], 100))
    assert objects(b"a1 blob 14\nabcd efgh ijkl\n").aside("a1", 100) == b"abcd efgh ijkl"


def test_the_lines_of_a_tree_are_read_for_both_hashes():
    for size in (20, 32):
        tree = b"100644 a.md\0" + b"\1" * size + b"40000 steps\0" + b"\2" * size
        assert parse_tree(tree, size) == [
            (b"100644", b"a.md", "01" * size),
            (b"40000", b"steps", "02" * size),
        ]


@pytest.mark.parametrize("cut", [b"1", b"100644 a.md", b"100644 a.md\0" + b"\1" * 19, b"x"])
def test_what_is_no_tree_is_an_error(cut):
    with pytest.raises(ValueError, match="not a tree"):
        parse_tree(b"100644 a.md\0" + b"\1" * 20 + cut, 20)
