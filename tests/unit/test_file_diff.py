"""Changed files are shown as a diff of their lines; what is no text, or too much, is named."""

from sync.format.file_diff import as_text, diff_files
from sync.layout import Unread
from tests.pictures import file_beside

HALF_A_MIB = 512 * 1024


def test_a_change_of_a_text_is_shown_by_its_lines_and_others_are_named():
    before = {
        "a.md": b"one\ntwo\n", "b.bin": b"\xff", "c.md": Unread.TOO_LARGE, "d.png": file_beside(),
        "gone.md": b"x\n",
    }  # fmt: skip
    after = {
        "a.md": b"one\n2\n", "b.bin": b"text", "c.md": b"text", "d.png": b"", "gone.md": None,
        "new.md": b"y", "new.png": b"y", "none.md": b"",
    }  # fmt: skip
    shown = {each.path: each.text for each in diff_files(before, after)}

    assert shown == {
        "a.md": "--- a/a.md\n+++ b/a.md\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n",
        "b.bin": "Files a/b.bin and b/b.bin differ\n",
        "c.md": "Files a/c.md and b/c.md differ\n",
        "d.png": "Files a/d.png and b/d.png differ\n",
        "gone.md": "--- a/gone.md\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n",
        "new.md": "--- /dev/null\n+++ b/new.md\n@@ -0,0 +1 @@\n+y\n",
        "new.png": "Files /dev/null and b/new.png differ\n",
        "none.md": "",
    }


def test_a_text_of_more_than_3000_lines_is_shown_as_replaced():
    for lines, shown in ((3000, 11), (3001, 3 + 2 * 3001)):
        text = "\n".join(map(str, range(lines)))
        (diff,) = diff_files(
            {"a": text.encode()}, {"a": text.replace("\n1500\n", "\nx\n").encode()}
        )
        assert len(diff.text.splitlines()) == shown
    assert diff.text.splitlines()[2] == "@@ -1,3001 +1,3001 @@"


def test_after_half_a_mib_of_changes_files_are_only_named():
    beside = len(as_text(diff_files({}, {"a": b"x"}))) - 1
    for over in (0, 1):
        letters = HALF_A_MIB // 2 - beside
        files = {"a": b"x" * letters, "b": b"x" * (letters + over), "c": b"y"}
        last = diff_files({}, files)[2].text
        assert last.startswith("Files") == bool(over), last
