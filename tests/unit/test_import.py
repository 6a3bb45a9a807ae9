"""Uploads are read to drafts, and what is hostile is refused before it costs anything."""

import stat
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.format.export import export
from sync.importing.read import MAX_WALKTHROUGHS, converted, read_upload
from sync.importing.upload import MAX_FILES, MAX_UNPACKED_BYTES, MAX_UPLOAD_BYTES, UploadRefused
from sync.importing.zip_file import read_zip, reopen_zip, write_zip
from tests.builders import content, step
from tests.pictures import picture_file, stored_picture
from tests.unit.test_export import AUTHORED
from tests.uploads import BOIL, BREW, MANIFEST, TEA, zipped
from walkthroughs.content.draft_content import draft_of
from walkthroughs.content.pictures import pictures_named
from walkthroughs.content.values import AuthoredWalkthrough


def plan_of(files, name="guides.zip"):
    upload = converted(read_zip(zipped(files), name))
    assert reopen_zip(write_zip(upload)) == upload
    return read_upload(upload)


def refusal_of(data, name="x.zip"):
    with pytest.raises(UploadRefused) as refused:
        read_upload(converted(read_zip(data, name)))
    return str(refused.value)


@given(AUTHORED)
def test_what_is_exported_is_imported_as_a_draft_of_the_same_content(authored):
    (found,) = plan_of(export(authored)).walkthroughs

    assert (found.id, found.problems) == (authored.content.id, ())
    assert found.draft.is_written_as(draft_of(authored.content, 0))


def test_exported_pictures_come_along():
    picture = stored_picture()
    steps = (step("one", content=f"![A fox](i/{picture.name})"), step("two"))
    authored = AuthoredWalkthrough(content(steps=steps), pictures=(picture,))
    (found,) = plan_of(export(authored)).walkthroughs

    assert found.pictures == (picture,)
    assert found.draft.is_written_as(draft_of(authored.content, 0))


@pytest.mark.parametrize(
    ("prefix", "folder"),
    [
        ("", "walkthroughs/tea"),
        ("guides-main/", "walkthroughs/tea"),
        ("repo/docs/", "walkthroughs/tea"),
    ],
)
def test_a_repository_is_found_wherever_it_begins(prefix, folder):
    (found,) = plan_of({prefix + path: data for path, data in TEA.items()}).walkthroughs

    assert (found.id, found.folder, found.problems) == ("tea", folder, ())


def test_the_folder_of_a_single_walkthrough_is_enough():
    files = {"walkthrough.yml": MANIFEST, "steps/boil.md": BOIL, "steps/brew.md": BREW}
    for prefix in ("", "tea/"):
        (found,) = plan_of({prefix + path: data for path, data in files.items()}).walkthroughs
        assert [each.title for each in found.draft.steps] == ["Boil", "Brew"]
        assert found.draft.steps[0].assistant == "Ask which tea."


def test_a_walkthrough_with_mistakes_keeps_its_text_and_they_are_told_by_file_and_line():
    files = TEA | {
        "walkthroughs/tea/walkthrough.yml": MANIFEST + b"- steps/gone.md\n- steps/bare.md\n",
        "walkthroughs/tea/steps/brew.md": b"---\nid: boil\ntitle: Brew\n---\nWait. ![](i.png)\n",
        "walkthroughs/tea/steps/bare.md": b"# No front matter\n\nStill a text.\n",
        "walkthroughs/good/walkthrough.yml": b"id: good\ntitle: Good\nsteps: [steps/boil.md]\n",
        "walkthroughs/good/steps/boil.md": BOIL,
    }
    good, tea = sorted(plan_of(files).walkthroughs, key=lambda each: each.id)

    assert (good.id, good.problems) == ("good", ())
    places = {(each.path, each.line) for each in tea.problems}
    assert ("walkthroughs/tea/walkthrough.yml", 8) in places
    assert ("walkthroughs/tea/steps/bare.md", 1) in places
    assert [each.title for each in tea.draft.steps] == ["Boil", "Brew", "gone", ""]
    assert "![](i.png)" in tea.draft.steps[1].text
    assert "Still a text." in tea.draft.steps[3].text
    assert len({each.id for each in tea.draft.steps}) == 4


def test_a_tutorial_of_another_format_is_converted_with_its_pictures():
    plan = plan_of({
        "course/mkdocs.yml": b"site_name: Guides\nnav:\n- Start: index.md\n- More: more.md\n",
        "course/docs/index.md": b"# Start\n\nBegin here. ![A fox](fox.png)\n",
        "course/docs/more.md": b"# More\n\nGo on. [Away](../secret.txt)\n",
        "course/docs/fox.png": picture_file(),
    })  # fmt: skip
    (found,) = plan.walkthroughs

    assert plan.kind == "MkDocs"
    assert [each.title for each in found.draft.steps] == ["Start", "More"]
    names = pictures_named(each.text for each in found.draft.steps)
    assert names == {each.name for each in found.pictures} == {stored_picture().name}
    assert any("secret.txt" in note.message for note in plan.notes)


def test_one_markdown_file_is_enough_and_characters_that_nobody_sees_are_taken_out():
    (found,) = plan_of({"tea.md": "# Tea\n\nBo\0il\u200b the\u202e water.\n".encode()}).walkthroughs

    assert "\0" not in found.draft.steps[0].text
    assert "\u202e" not in found.draft.steps[0].text


def link(name, target=b"/etc/passwd"):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return {info: target}


def test_links_system_files_and_odd_names_are_left_out_and_told():
    files = {**TEA, **link("walkthroughs/tea/steps/link.md"), "__MACOSX/._x": b"x",
             ".git/config": b"x", "walkthroughs/tea/steps/\u202egnp.md": b"x",
             "walkthroughs/tea/large.png": b"x" * (1024 * 1024 + 1)}  # fmt: skip
    plan = plan_of(files)

    assert plan.walkthroughs[0].problems == ()
    told = " ".join(note.message for note in plan.notes)
    assert "a link to another file" in told
    assert "nobody can see or type" in told
    assert "larger than 1 MiB" in told
    assert len(plan.notes) == 3


@pytest.mark.parametrize(
    "path", ["../tea.md", "a/../../tea.md", "/etc/passwd", "C:\\tea.md", "a\\..\\..\\tea.md", "\\x"]
)
def test_a_path_that_leads_out_of_the_upload_refuses_all_of_it(path):
    assert "leads out of it" in refusal_of(zipped({**TEA, path: b"# x\n\ny\n"}))


def test_names_are_read_as_they_were_meant():
    unmarked = zipped({"Übung/tea.md": b"# Tea\n\nBoil.\n"})
    no_flag = bytearray(unmarked)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = no_flag.index(mark) + at
        no_flag[place : place + 2] = b"\0\0"
    assert read_zip(bytes(no_flag), "x.zip").name == "Übung"
    broken = unmarked.replace("Übung".encode(), b"\xff\xfebung")
    assert "no zip file" in refusal_of(broken)


def flagged(data, bits):
    changed = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        changed[changed.index(mark) + at] |= bits
    return bytes(changed)


#: What is sent, and what its sender is told.
HOSTILE = {
    "not a zip": (b"# Tea\n", "no zip file"),
    "nothing": (b"", "no zip file"),
    "cut off": (zipped(TEA)[:-30], "no zip file"),
    "empty": (zipped({}), "no walkthrough in it"),
    "damaged": (zipped(TEA, zipfile.ZIP_STORED).replace(b"Boil the", b"Cool the"), "no zip file"),
    "with a password": (flagged(zipped(TEA), 1), "has a password"),
    "bzip2": (zipped(TEA, zipfile.ZIP_BZIP2), "packed in a way"),
    "lzma": (zipped(TEA, zipfile.ZIP_LZMA), "packed in a way"),
    "too large": (b"PK" + b"\0" * MAX_UPLOAD_BYTES, "larger than 32 MiB"),
    "no text": (zipped({"a.txt": b"x", "b.png": picture_file()}), "no Markdown with text"),
    "a newer schema": (zipped(TEA | {"walkthroughs.yml": b"schema: 9\n"}), 'schema "9" is newer'),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_read_is_refused_and_says_why(name):
    data, told = HOSTILE[name]
    assert told in refusal_of(data)


def test_a_bomb_is_refused_by_what_it_would_be_unpacked():
    megabyte = b"\0" * 1024 * 1024
    bomb = zipped({f"{n}.md": megabyte for n in range(MAX_UNPACKED_BYTES // 1024**2 + 1)})

    assert len(bomb) < 100_000
    assert "more than 64 MiB" in refusal_of(bomb)


def test_more_files_than_are_read_are_refused_before_they_are_looked_at(monkeypatch):
    many = zipped({f"a/{n}.md": b"" for n in range(MAX_FILES + 1)})
    monkeypatch.setattr(zipfile, "ZipFile", None)

    assert f"more than {MAX_FILES:,} files" in refusal_of(many)


def test_more_walkthroughs_than_are_imported_at_once_are_refused():
    files = {f"walkthroughs/w{n}/walkthrough.yml": MANIFEST for n in range(MAX_WALKTHROUGHS + 1)}

    assert f"at most {MAX_WALKTHROUGHS}" in refusal_of(zipped(files))


@given(st.binary(max_size=300), st.integers(0, 600), st.binary(max_size=4))
def test_no_bytes_do_more_than_be_refused(noise, at, some):
    whole = bytearray(zipped(TEA))
    whole[at : at + len(some)] = some
    for data in (noise, b"PK\x05\x06" + noise, bytes(whole)):
        with suppress(UploadRefused):
            read_upload(converted(read_zip(data, "x.zip")))
