"""A change of a walkthrough in its author's files: what is asked for, and no more."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.format.export import export
from sync.format.file_changes import changed
from sync.format.file_diff import as_text, diff_files
from sync.format.rewrite import NotRewritten, rewrite
from tests.builders import content, step, texts
from tests.pictures import stored_picture
from tests.unit.test_export import AUTHORED, LINES, STEPS
from walkthroughs.content.values import Move

FOLDER = "walkthroughs/deploy"
MANIFEST = f"{FOLDER}/walkthrough.yml"
ONE, TWO, THREE = (f"{FOLDER}/steps/{name}.md" for name in ("one", "two", "three"))


def written(*steps, head="", **more):
    """The files of an author: a manifest in a style of their own, and steps by their ids."""
    listed = "".join(f"  - steps/{each}.md\n" for each in steps or ("one", "two", "three"))
    manifest = (
        f'# yaml-language-server: $schema=x\nid: deploy\ntitle: "Deploy"\n{head}steps:\n{listed}'
    )
    files = {MANIFEST: manifest.encode()}
    for each in steps or ("one", "two", "three"):
        text = more.get(each, f"---\nid: {each}\ntitle: {each.title()}\n---\nDo {each}.\n")
        files[f"{FOLDER}/steps/{each}.md"] = text.encode()
    return files


def live(files):
    (authored,) = texts(files)
    return authored.content


def with_step(wanted, number, **fields):
    steps = list(wanted.steps)
    steps[number] = replace(steps[number], **fields)
    return replace(wanted, steps=tuple(steps))


def text_of(changes, path):
    return changes[path].decode()


@given(AUTHORED, STEPS, LINES, st.randoms(use_true_random=False), st.sampled_from(["\n", "\r\n"]))
def test_parsing_the_changed_files_gives_what_was_proposed_and_other_files_are_not_touched(
    before, more, line, chance, newline
):
    files = {
        path: chance.choice((b"", b"\xef\xbb\xbf")) + data.replace(b"\n", newline.encode())
        for path, data in export(before).items()
    }
    folder = f"walkthroughs/{before.content.id}"
    assert rewrite(folder, files, before.content) == {}
    mixed = [*before.content.steps, *more]
    chance.shuffle(mixed)
    steps = tuple({each.id: each for each in mixed}.values())[: chance.randint(1, 6)]
    wanted = replace(
        before.content, title=line, description=chance.choice((None, line)), steps=steps, moved=(),
        tags=chance.choice(((), (line,))), estimated_minutes=chance.choice((None, 5)),
    )  # fmt: skip
    changes = rewrite(folder, files, wanted)

    (authored,) = texts(changed(files, changes))
    assert authored == replace(before, content=replace(wanted, moved=before.content.moved))
    same = {each.id for each in before.content.steps} & {
        each.id
        for each in steps
        for old in before.content.steps
        if replace(old, section=None) == replace(each, section=None)
    }
    assert not {f"{folder}/steps/{each}.md" for each in same} & changes.keys()
    assert all(files.get(path) != data for path, data in changes.items())


def test_a_changed_word_changes_its_line_and_the_author_keeps_links_comments_and_order():
    text = (
        "---\ntitle: One\nid: one\n---\n\n<!-- ask Ana -->\nRead [the next step](two.md), than go.\n\n"
        ":::note Mind\nIt is hot.\n:::\n\nEnd.\n\n:::{agent}\nWait.\n:::\n"
    )
    files = written(one=text)
    wanted = live(files)
    assert "*Two*, than go" in wanted.steps[0].content
    wanted = with_step(wanted, 0, content=wanted.steps[0].content.replace("than", "then"))
    changes = rewrite(FOLDER, files, wanted)

    assert text_of(changes, ONE) == text.replace("than", "then")
    assert changes.keys() == {ONE}
    assert as_text(diff_files(files, changes)) == (
        f"--- a/{ONE}\n+++ b/{ONE}\n@@ -4,7 +4,7 @@\n ---\n \n <!-- ask Ana -->\n"
        "-Read [the next step](two.md), than go.\n+Read [the next step](two.md), then go.\n"
        " \n :::note Mind\n It is hot.\n"
    )


def test_a_new_title_changes_one_line_of_the_front_matter_and_no_link_to_the_step():
    files = written(one="---\nid: one\ntitle: One\n---\n[x](two.md)\n")
    wanted = with_step(live(files), 1, title="A: b")
    changes = rewrite(FOLDER, files, wanted)

    assert changes == {TWO: b"---\nid: two\ntitle: 'A: b'\n---\nDo two.\n"}
    assert live(changed(files, changes)).steps[0].content == "*A: b*"


def test_a_step_that_goes_takes_its_file_and_its_line_along_and_links_to_it_become_words():
    files = written(one="---\nid: one\ntitle: One\n---\n[x](two.md)\n", head="servers: [acme]\n")
    old = live(files)
    wanted = replace(old, steps=(old.steps[0], old.steps[2]))
    changes = rewrite(FOLDER, files, wanted)

    assert changes[TWO] is None
    assert text_of(changes, ONE).endswith("---\n*Two*\n")
    assert text_of(changes, MANIFEST) == files[MANIFEST].decode().replace("  - steps/two.md\n", "")


def test_comments_and_the_style_of_the_manifest_stay():
    files = written("one", "two", "three", "four")
    files[MANIFEST] = (
        b"# hello\nid: deploy\nstatus: draft\ntags: [a, b]  # two\ntitle: >-\n  Deploy\n# order\nsteps: # all\n"
        b"  # first\n  - section: Start\n    steps: [steps/one.md, steps/two.md]  # both\n"
        b"  # last\n  - steps/three.md # why\n  - section: End\n    steps:\n      - steps/four.md # yes\n\n# bye\n"
    )
    old = live(files)
    one, two, three, four = old.steps
    wanted = replace(
        old,
        title="Ship",
        tags=("a", "no"),
        estimated_minutes=5,
        steps=(
            two,
            replace(one, section=None),
            replace(four, section="The end"),
            replace(three, section="The end"),
        ),
    )
    changes = rewrite(FOLDER, files, wanted)

    assert changes.keys() == {MANIFEST}
    assert text_of(changes, MANIFEST) == (
        "# hello\nid: deploy\nstatus: draft\ntags: [a, 'no']  # two\nestimated_minutes: 5\ntitle: Ship\n"
        "# order\nsteps: # all\n  # first\n  - section: Start\n    steps: [steps/two.md]  # both\n"
        "  - steps/one.md\n  - section: The end\n    steps:\n      - steps/four.md # yes\n"
        "      # last\n      - steps/three.md # why\n\n# bye\n"
    )


def test_a_renamed_step_keeps_its_file_and_its_record_is_added():
    files = written("one", "two", head="moved:\n  - {from: old, to: one}\n")
    old = live(files)
    wanted = replace(
        old, steps=(old.steps[0], replace(old.steps[1], id="login")), moved=(Move("two", "login"),)
    )
    changes = rewrite(FOLDER, files, wanted)

    assert text_of(changes, TWO).startswith("---\nid: login\n")
    assert "  - {from: old, to: one}\n  - {from: two, to: login}\n" in text_of(changes, MANIFEST)
    assert live(changed(files, changes)).moved == (Move("old", "one"), Move("two", "login"))


def test_a_new_step_gets_a_file_as_an_export_names_it_and_takes_no_other_files_name():
    files = written("one", "two")
    files[f"{FOLDER}/steps/new.md"] = files.pop(TWO)
    files[MANIFEST] = files[MANIFEST].replace(b"two.md", b"new.md")
    wanted = replace(
        live(files), steps=(*live(files).steps, step("new", section="S"), step("other"))
    )
    changes = rewrite(FOLDER, files, wanted)

    assert changes.keys() == {MANIFEST, f"{FOLDER}/steps/new-2.md", f"{FOLDER}/steps/other.md"}
    assert text_of(changes, MANIFEST).endswith(
        "  - steps/new.md\n  - section: S\n    steps:\n    - steps/new-2.md\n  - steps/other.md\n"
    )


def test_a_picture_that_is_there_is_named_where_it_is_and_a_new_one_is_put_beside_the_step():
    shown, new = stored_picture(), stored_picture(2)
    files = written("one", one="---\nid: one\ntitle: One\n---\n![A fox](../my%20shot.png) hre\n")
    files = changed(files, {f"{FOLDER}/my shot.png": shown.data})
    old = live(files)
    assert shown.name in old.steps[0].content
    wanted = with_step(
        old,
        0,
        content=f"![A cat](i/{shown.name})\n\n![New](i/{new.name})",
        verify=f"![V](i/{shown.name})",
    )
    changes = rewrite(FOLDER, files, wanted, [new])

    assert changes.keys() == {ONE, f"{FOLDER}/steps/i/{new.name}"}
    assert "](../my%20shot.png)\n" in text_of(changes, ONE)
    assert f"](i/{new.name})" in text_of(changes, ONE)
    with pytest.raises(NotRewritten, match="is not in the repository"):
        rewrite(FOLDER, files, wanted)


def test_files_with_a_mistake_are_left_alone_and_the_mistake_is_named():
    files = written(two="---\nid: two\n---\nx\n")
    with pytest.raises(NotRewritten, match=r'steps/two\.md:2: "title" is missing'):
        rewrite(FOLDER, files, content())


def test_what_the_parser_would_refuse_is_not_written():
    files = written()
    with pytest.raises(NotRewritten, match=r"one\.md:5"):
        rewrite(FOLDER, files, with_step(live(files), 0, content="<script>x</script>"))


def test_a_very_large_step_is_written_as_a_whole():
    files = written(one="---\nid: one\ntitle: One\n---\n" + "a\n" * 20_000)
    wanted = with_step(live(files), 0, content="b\n" * 20_000 + "b")
    changes = rewrite(FOLDER, files, wanted)

    assert live(changed(files, changes)) == wanted
    assert as_text(diff_files(files, changes)).count("\n") == 40_012


def test_what_files_cannot_say_is_named_with_its_step():
    files = written()
    wanted = with_step(live(files), 0, content="Go on.<!-- a comment -->")
    with pytest.raises(NotRewritten, match=r"steps/one\.md:1"):
        rewrite(FOLDER, files, wanted)


def test_blanks_that_no_file_keeps_are_no_change():
    files = written()

    assert (
        rewrite(FOLDER, files, with_step(live(files), 0, content="\r\nDo one.\n\n", verify=" \n"))
        == {}
    )
