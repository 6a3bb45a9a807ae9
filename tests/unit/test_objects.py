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


def test_contents_come_in_order_and_of_large_ones_the_size_is_enough():
    sizes = b"a1 blob 2\nb2 blob 90000\nc3 missing\nd4 blob 0\ne5 tree 4\n"
    answer = sizes + b"a1 blob 2\nhi\nd4 blob 0\n\n"
    found = list(objects(answer).contents(["a1", "b2", "c3", "d4", "e5"], 100))

    assert found == [b"hi", Unread.TOO_LARGE, None, b"", None]


@pytest.mark.parametrize(
    "answer", [b"", b"a1 blob 5\n", b"a1 blob 5\na1 blob 5\n", b"a1 blob 5\na1 blob 5\nhi"]
)
def test_an_answer_that_is_cut_off_is_an_error_and_never_a_wait(answer):
    with pytest.raises(EOFError):
        list(objects(answer).contents(["a1"], 100))


def answers(oid, content, count):
    """What git answers who asks for a blob on and on, first for its size and then for it."""
    head = b"%s blob %d\n" % (oid, len(content))
    return (head + head + content + b"\n") * count


def test_of_one_commit_so_much_text_is_read_however_often_it_has_the_same_blob(monkeypatch):
    from sync.git import objects as module

    monkeypatch.setattr(module, "_MAX_TEXT_BYTES", 10)
    read = objects(answers(b"a1", b"abcd", 3))
    assert list(read.contents(["a1"], 100)) == [b"abcd"]
    assert list(read.contents(["a1"], 100)) == [b"abcd"]
    with pytest.raises(ContentInvalid, match=r"more than .* Split the repository"):
        list(read.contents(["a1"], 100))
    assert objects(answers(b"a1", b"abcd efgh ijkl", 1)).aside("a1", 100) == b"abcd efgh ijkl"


def test_a_picture_of_many_walkthroughs_counts_little_more_than_once(monkeypatch):
    from sync.git import objects as module

    monkeypatch.setattr(module, "_MAX_PICTURE_BYTES", 40)
    read = objects(answers(b"a1", b"x" * 20, 11) + answers(b"b2", b"y" * 20, 1))
    for _ in range(11):
        assert read.aside("a1", 100) == b"x" * 20
    with pytest.raises(ContentInvalid, match="of pictures"):
        read.aside("b2", 100)


def test_what_is_larger_than_any_file_may_be_counts_for_nothing(monkeypatch):
    from sync.git import objects as module

    monkeypatch.setattr(module, "_MAX_TEXT_BYTES", 10)
    monkeypatch.setattr(module, "_MAX_PICTURE_BYTES", 10)
    for _ in range(2):
        assert list(objects(b"a1 blob 99\n").contents(["a1"], 50)) == [Unread.TOO_LARGE]
        assert objects(b"a1 blob 99\n").aside("a1", 50) is Unread.TOO_LARGE


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
